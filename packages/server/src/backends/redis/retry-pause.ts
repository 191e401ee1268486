const LONGEST_PAUSE_MS = 500;
const FIRST_PAUSE_MS = 50;

/** How long to wait, in milliseconds, before a connection is tried again: longer each time, different in each process. */
export function pauseBefore(tries: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries) * (0.5 + Math.random() / 2);
}
