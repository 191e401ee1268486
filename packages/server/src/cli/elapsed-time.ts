const UNITS = [
  { ms: 86_400_000, name: "d" },
  { ms: 3_600_000, name: "h" },
  { ms: 60_000, name: "m" },
] as const;

/** A length of time for people, in its largest unit: `350ms`, `1.2s`, `5m`, `3d`. */
export function elapsed(ms: number): string {
  const length = Math.max(0, ms);
  if (length < 1_000) return `${Math.round(length)}ms`;
  const unit = UNITS.find((candidate) => length >= candidate.ms);
  if (unit !== undefined) return `${Math.floor(length / unit.ms)}${unit.name}`;
  return length < 10_000
    ? `${(Math.floor(length / 100) / 10).toString()}s`
    : `${Math.floor(length / 1_000)}s`;
}

/** A time with its distance from now: `2026-01-31 09:00:00Z (5m ago)`. */
export function timeAndDistance(time: Date, now: number): string {
  const distance = time.getTime() - now;
  const words = distance > 0 ? `in ${elapsed(distance)}` : `${elapsed(-distance)} ago`;
  return `${time
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z")} (${words})`;
}
