import type { ParsedOptions, ResolvedBackoff, ResolvedOptions } from "@taskwright/shared";
import type { RetryPolicy } from "./retry-policy.ts";

/** How one attempt is run and, when it goes wrong, repeated. */
export interface AttemptPolicy extends RetryPolicy {
  /** null: no limit. */
  readonly timeoutMs: number | null;
}

/** What a call said that its worker must know; stored with the task result. */
interface StoredPolicy {
  readonly retryDelayMs?: number;
  readonly backoff?: ResolvedBackoff;
  readonly timeoutMs?: number | null;
}

/** Writes what a call's options say about attempts; null when they say nothing, and the worker's own contract holds. */
export function encodePolicy(call: ParsedOptions): string | null {
  const { retryDelayMs, backoff, timeoutMs } = call;
  if (retryDelayMs === undefined && backoff === undefined && timeoutMs === undefined) return null;
  return JSON.stringify({ retryDelayMs, backoff, timeoutMs } satisfies {
    [K in keyof StoredPolicy]: unknown;
  });
}

/** Lays what the call said over the task's options. */
export function decodePolicy(stored: string | null, task: ResolvedOptions): AttemptPolicy {
  if (stored === null) return task;
  const call = JSON.parse(stored) as StoredPolicy;
  return {
    timeoutMs: call.timeoutMs === undefined ? task.timeoutMs : call.timeoutMs,
    backoff: call.backoff ?? task.backoff,
    retryDelayMs: call.retryDelayMs ?? (call.backoff === undefined ? task.retryDelayMs : undefined),
  };
}
