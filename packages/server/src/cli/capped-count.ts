/** How far counts go that people look at: beyond it they only want to know that there are many. */
export const COUNT_UP_TO = 10_000;

/** A number that was counted up to {@link COUNT_UP_TO}, or a sum of some: `7`, `10,000+`. */
export function cappedText(count: number, isExact: boolean = count < COUNT_UP_TO): string {
  return isExact ? String(count) : `${count.toLocaleString("en-US")}+`;
}
