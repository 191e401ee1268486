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

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isBackoff(value: unknown): value is ResolvedBackoff {
  if (typeof value !== "object" || value === null) return false;
  const { initialMs, factor, maxMs, jitter } = value as Partial<Record<keyof ResolvedBackoff, unknown>>;
  return isTime(initialMs) && isTime(factor) && isTime(maxMs) && typeof jitter === "boolean";
}

function parsePolicy(stored: string): StoredPolicy | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(stored);
  } catch {
    return null;
  }
  if (typeof parsed !== "object" || parsed === null) return null;
  const { retryDelayMs, backoff, timeoutMs } = parsed as Partial<Record<keyof StoredPolicy, unknown>>;
  const isReadable =
    (retryDelayMs === undefined || isTime(retryDelayMs)) &&
    (backoff === undefined || isBackoff(backoff)) &&
    (timeoutMs === undefined || timeoutMs === null || isTime(timeoutMs));
  return isReadable ? (parsed as StoredPolicy) : null;
}

/** Lays what the call said over the task's options; null when what is stored of it cannot be read. */
export function decodePolicy(stored: string | null, task: ResolvedOptions): AttemptPolicy | null {
  if (stored === null) return task;
  const call = parsePolicy(stored);
  if (call === null) return null;
  return {
    timeoutMs: call.timeoutMs === undefined ? task.timeoutMs : call.timeoutMs,
    backoff: call.backoff ?? task.backoff,
    retryDelayMs: call.retryDelayMs ?? (call.backoff === undefined ? task.retryDelayMs : undefined),
  };
}
