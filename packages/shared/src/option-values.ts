import { durationToMs } from "./duration.ts";
import { TaskError } from "./errors/task-error.ts";
import { unknownOption } from "./option-names.ts";
import type { ResolvedBackoff } from "./resolved-options.ts";
import { isPlainObject, kindOf } from "./value-kind.ts";

const ISO_TIME = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})$/;
const EARLIEST = Date.UTC(1970, 0, 1);
const LATEST = Date.UTC(9999, 0, 1);
const BACKOFF_NAMES = ["initial", "factor", "max", "jitter"];

/** The error for an option's value; `came` says what it was. */
export function invalidOption(name: string, expected: string, came: string): TaskError {
  return new TaskError({
    code: "INVALID_OPTION",
    message: `${name} must be ${expected}; got ${came}.`,
    data: { option: name },
  });
}

function stringFault(value: unknown, longest: number): string | undefined {
  if (typeof value !== "string" || value.length < 1 || value.length > longest) return kindOf(value);
  if (!value.isWellFormed()) return `${kindOf(value)} with a lone surrogate`;
  return value.includes("\0") ? `${kindOf(value)} with a NUL character` : undefined;
}

/** Reads a string that every store can hold. */
export function readString(value: unknown, name: string, longest: number): string {
  const fault = stringFault(value, longest);
  if (fault === undefined) return value as string;
  throw invalidOption(name, `a string of 1 to ${longest} characters, without NUL and lone surrogates`, fault);
}

/** Reads an integer in a range. */
export function readInteger(value: unknown, name: string, range: { min: number; max: number }): number {
  // Adding 0 turns -0 into 0.
  if (Number.isInteger(value) && (value as number) >= range.min && (value as number) <= range.max)
    return (value as number) + 0;
  const came = typeof value !== "number" || Number.isNaN(value) ? kindOf(value) : numberKind(value);
  throw invalidOption(name, `an integer from ${range.min} to ${range.max}`, came);
}

function numberKind(value: number): string {
  return Number.isInteger(value) ? "an integer out of range" : "a number that is no integer";
}

/** Reads a boolean. */
export function readBoolean(value: unknown, name: string): boolean {
  if (typeof value === "boolean") return value;
  throw invalidOption(name, "true or false", kindOf(value));
}

/** Epoch milliseconds of an ISO 8601 string, or NaN; unlike `Date.parse`, it refuses the 30th of February. */
function parseIsoTime(text: string): number {
  const match = ISO_TIME.exec(text);
  if (match === null) return Number.NaN;
  const daysInMonth = new Date(Date.UTC(Number(match[1]), Number(match[2]), 0)).getUTCDate();
  return Number(match[3]) > daysInMonth ? Number.NaN : Date.parse(text);
}

/** Reads a point in time as epoch milliseconds. */
export function readTime(value: unknown, name: string): number {
  const time =
    value instanceof Date ? value.getTime() : typeof value === "string" ? parseIsoTime(value) : Number.NaN;
  if (time >= EARLIEST && time < LATEST) return time;
  const expected =
    "a valid Date or an ISO 8601 string with an offset, such as 2030-01-31T09:00:00Z, from the years 1970 to 9998";
  throw invalidOption(
    name,
    expected,
    Number.isNaN(time) ? kindOf(value) : `${kindOf(value)} outside of them`,
  );
}

/** Reads a backoff and fills in its defaults. */
export function readBackoff(value: unknown, name: string): ResolvedBackoff {
  if (!isPlainObject(value)) {
    throw invalidOption(name, 'an object such as { initial: "1s", factor: 2, max: "1h" }', kindOf(value));
  }
  for (const key of Object.keys(value)) {
    if (!BACKOFF_NAMES.includes(key)) throw unknownOption(name, key, BACKOFF_NAMES);
  }
  const { initial = "1s", factor = 2, max = "1h", jitter = true } = value;
  if (typeof factor !== "number" || !(factor >= 1 && factor <= 10))
    throw invalidOption(`${name}.factor`, "a number from 1 to 10", kindOf(factor));
  const initialMs = readDuration(initial, `${name}.initial`, { min: 1, expected: "longer than zero" });
  const maxMs = durationToMs(max, `${name}.max`);
  if (maxMs < initialMs) {
    const came = value.max === undefined ? "none, and its default is 1h" : "a shorter one";
    throw invalidOption(`${name}.max`, `at least ${name}.initial`, came);
  }
  return { initialMs, factor, maxMs, jitter: readBoolean(jitter, `${name}.jitter`) };
}

/** Reads a duration in a range of milliseconds; `expected` says the range in the error. */
export function readDuration(
  value: unknown,
  name: string,
  range: { readonly min: number; readonly max?: number; readonly expected: string },
): number {
  const ms = durationToMs(value, name);
  if (ms >= range.min && ms <= (range.max ?? ms)) return ms;
  throw invalidOption(name, range.expected, ms < range.min ? "a shorter one" : "a longer one");
}

/** Reads a list of tags. */
export function readTags(value: unknown, name: string): readonly string[] {
  if (!Array.isArray(value) || value.length > 10)
    throw invalidOption(name, "an array of at most 10 strings", kindOf(value));
  // Array.from, unlike map(), also visits the holes of a sparse array.
  return Array.from(value, (tag, index) => readString(tag, `${name}[${index}]`, 64));
}
