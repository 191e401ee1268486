import { TaskError } from "./errors/task-error.ts";
import { kindOf } from "./value-kind.ts";

/** A length of time with its unit, such as `"500ms"`, `"30s"`, `"5m"`, `"2h"` or `"7d"`. */
export type Duration = `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const PATTERN = /^(\d{1,15}(?:\.\d{1,6})?)(ms|s|m|h|d)$/;

/** The longest duration that is accepted: 10 years, in milliseconds. */
export const MAX_DURATION_MS: number = 3650 * UNIT_MS.d;

const FORMS = 'a duration such as "500ms", "30s", "5m", "2h" or "7d" (at most 3650d)';

function invalidDuration(option: string, expected: string, came: string): TaskError {
  return new TaskError({
    code: "INVALID_OPTION",
    message: `${option} must be ${expected}; got ${came}.`,
    data: { option },
  });
}

function read(value: unknown, option: string, expected: string): number {
  if (typeof value !== "string") {
    throw invalidDuration(
      option,
      expected,
      typeof value === "number" ? "a number without a unit" : kindOf(value),
    );
  }
  const match = PATTERN.exec(value);
  if (!match) throw invalidDuration(option, expected, `${kindOf(value)} in another form`);
  const ms = Math.round(Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS]);
  if (ms > MAX_DURATION_MS) throw invalidDuration(option, expected, "a longer one");
  return ms;
}

/** Turns a {@link Duration} into milliseconds; `option` names it in the error. */
export function durationToMs(value: unknown, option: string): number {
  return read(value, option, FORMS);
}

/** As {@link durationToMs}, but a plain number counts as seconds, as in Celery. */
export function secondsOrDurationToMs(value: unknown, option: string): number {
  const expected = `a number of seconds, 0 or more, or ${FORMS}`;
  if (typeof value !== "number") return read(value, option, expected);
  if (value >= 0 && value * 1_000 <= MAX_DURATION_MS) return Math.round(Math.abs(value) * 1_000);
  throw invalidDuration(
    option,
    expected,
    value < 0 ? "a negative number" : Number.isNaN(value) ? "NaN" : "a larger number",
  );
}
