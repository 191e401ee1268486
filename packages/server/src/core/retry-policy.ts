import type { ResolvedBackoff } from "@taskwright/shared";

/** How a task waits before a retry. */
export interface RetryPolicy {
  /** A fixed wait; undefined for `backoff`. */
  readonly retryDelayMs?: number | undefined;
  readonly backoff: ResolvedBackoff;
}

/**
 * The wait before the next attempt, in milliseconds.
 *
 * Exponential: `initial × factor^retriesUsed`, at most `max`; with jitter a uniform draw between 0 and that ("full
 * jitter"). `random` gives a number from 0 up to 1.
 */
export function retryDelay(policy: RetryPolicy, retriesUsed: number, random: () => number): number {
  if (policy.retryDelayMs !== undefined) return policy.retryDelayMs;
  const { initialMs, factor, maxMs, jitter } = policy.backoff;
  const full = Math.min(initialMs * factor ** retriesUsed, maxMs);
  return Math.round(jitter ? full * random() : full);
}
