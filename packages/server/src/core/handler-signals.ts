import { type Duration, durationToMs, TaskError } from "@taskwright/shared";

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

/** Recognises a {@link RetryAfter} from any copy of this package. */
export function isRetryAfter(value: unknown): value is RetryAfter {
  return (
    value instanceof Error && value.name === "RetryAfter" && typeof (value as RetryAfter).wait === "object"
  );
}

/** Recognises a {@link NonRetryable} from any copy of this package. */
export function isNonRetryable(value: unknown): value is NonRetryable {
  return value instanceof Error && value.name === "NonRetryable";
}
