import { type Duration, durationToMs, MAX_DURATION_MS, TaskError } from "@taskwright/shared";
import { isThrownError, readThrown } from "./thrown-value.ts";

/** Thrown by a handler to be retried at a time of its choice; it uses a retry. */
export class RetryAfter extends Error {
  override readonly name = "RetryAfter";
  /** When: milliseconds from now, or a point in time. */
  readonly wait: { readonly ms: number } | { readonly until: Date };

  /** @param when a duration such as `"10m"`, or the time itself */
  constructor(when: Duration | Date, message?: string, options?: ErrorOptions) {
    super(message ?? `Retry after ${when instanceof Date ? "the given time" : when}`, options);
    if (when instanceof Date && Number.isNaN(when.getTime())) {
      throw new TaskError({ code: "INVALID_OPTION", message: "RetryAfter got an invalid Date." });
    }
    this.wait = when instanceof Date ? { until: when } : { ms: durationToMs(when, "RetryAfter") };
  }
}

/** Thrown by a handler when another attempt cannot help: the task fails at once, whatever its retries. */
export class NonRetryable extends Error {
  override readonly name = "NonRetryable";

  constructor(message = "This task cannot succeed", options?: ErrorOptions) {
    super(message, options);
  }
}

/** When a {@link RetryAfter} wants to be retried, in epoch milliseconds; null when it does not say. */
export function retryTime(error: Error, now: number): number | null {
  const wait = readThrown(error, "wait");
  const ms = readThrown(wait, "ms");
  if (typeof ms === "number" && ms >= 0 && ms <= MAX_DURATION_MS) return now + ms;
  const until = readThrown(wait, "until");
  const time = until instanceof Date ? until.getTime() : Number.NaN;
  return Number.isNaN(time) ? null : Math.max(now, time);
}

/** Recognises a {@link RetryAfter} from any copy of this package. */
export function isRetryAfter(value: unknown): value is RetryAfter {
  return isThrownError(value) && readThrown(value, "name") === "RetryAfter" && retryTime(value, 0) !== null;
}

/** Recognises a {@link NonRetryable} from any copy of this package. */
export function isNonRetryable(value: unknown): value is NonRetryable {
  return isThrownError(value) && readThrown(value, "name") === "NonRetryable";
}
