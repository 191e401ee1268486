import { durationTextMs } from "./duration-text.ts";
import { compileRetryExpression } from "./retry-expression.ts";

/** The longest pause between two attempts: a day. */
const LONGEST_MS = 86_400_000;

const RESET_HEADERS = [
  "retry-after",
  "x-ratelimit-reset",
  "x-ratelimit-reset-requests",
  "x-ratelimit-reset-tokens",
] as const;

function bounded(ms: number): number {
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(Math.round(ms), 0), LONGEST_MS);
}

/** QStash's own pause before the n-th retry, from 1: 12 s, 2 m 28 s, 30 m 8 s, 6 h 7 m 6 s, 24 h. */
export function defaultPauseMs(retry: number): number {
  return bounded(Math.floor(Math.exp(2.5 * retry)) * 1_000);
}

function pauseOf(value: string, now: number): number | undefined {
  const text = value.trim();
  if (/^\d{1,15}(\.\d+)?$/.test(text)) return bounded(Number(text) * 1_000);
  const duration = durationTextMs(text);
  if (duration !== undefined) return bounded(duration);
  const date = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : bounded(date - now);
}

/** The pause that an answer asks for by `Retry-After` or `X-RateLimit-Reset…`, at most a day; undefined without one. */
export function askedPauseMs(headers: Headers, now: number): number | undefined {
  for (const name of RESET_HEADERS) {
    const value = headers.get(name);
    const pause = value === null ? undefined : pauseOf(value, now);
    if (pause !== undefined) return pause;
  }
  return undefined;
}

/** The pause before the next attempt of a message that was retried so many times. */
export function pauseMs(retried: number, expression: string | null): number {
  if (expression === null) return defaultPauseMs(retried + 1);
  const compute = compileRetryExpression(expression);
  return typeof compute === "function" ? bounded(compute(retried)) : defaultPauseMs(retried + 1);
}
