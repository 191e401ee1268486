const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const WHOLE = /^(?:\d{1,12}(?:\.\d{1,6})?(?:ms|s|m|h|d))+$/;
const PART = /(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)/g;

/** Reads a length of time as QStash writes it, `10s` or `6m5s`, into milliseconds; undefined when it is none. */
export function durationTextMs(text: string): number | undefined {
  if (text.length > 60 || !WHOLE.test(text)) return undefined;
  let ms = 0;
  for (const [, count, unit = ""] of text.matchAll(PART)) ms += Number(count) * (UNIT_MS[unit] ?? 0);
  return Math.round(ms);
}
