import { type AttemptErrorType, isTaskError } from "@taskwright/shared";
import type { Settlement } from "../backend/index.ts";
import type { RunningAttempt } from "./attempt.ts";
import { attemptError } from "./attempt-error.ts";
import type { AttemptPolicy } from "./attempt-policy.ts";
import { isNonRetryable, isRetryAfter, retryTime } from "./handler-signals.ts";
import { rankOf } from "./rank.ts";
import { retryDelay } from "./retry-policy.ts";
import { readThrown } from "./thrown-value.ts";

/** How an attempt's code ended. */
export type AttemptEnd =
  | { readonly kind: "returned"; readonly output: string | null }
  /** `by`: the payload's check, the context, or the handler with its middleware. */
  | {
      readonly kind: "threw";
      readonly error: unknown;
      readonly by: "payload" | "context" | "handler";
      /** Whether its transaction may have been committed all the same: only the answer to that may have been lost. */
      readonly mayBeStored: boolean;
    }
  /** It ignored its signal past the grace. */
  | { readonly kind: "unresponsive" };

/** How an attempt ended whose end its own transaction has stored. */
export interface CommittedEnd {
  readonly kind: "committed";
}

/** What to do about an attempt's end. */
export type AttemptDecision =
  | { readonly action: "settle"; readonly settlement: Settlement }
  /** Give it back uncounted: its worker stops. `error` is what else it threw, or null. */
  | { readonly action: "release"; readonly error: unknown }
  /** Another attempt holds it. */
  | { readonly action: "drop" };

function errorType(attempt: RunningAttempt, end: AttemptEnd): AttemptErrorType {
  if (end.kind === "threw" && end.by === "payload") return "PAYLOAD_ERROR";
  if (attempt.abortCause === "timeout") return "TIMEOUT";
  return end.kind === "threw" && end.by === "context" ? "INTERNAL_ERROR" : "EXECUTION_ERROR";
}

/** Whether it says no more than that the attempt was told to stop. */
function isAbortError(thrown: unknown): boolean {
  const isOurs = isTaskError(thrown, "TASK_CANCELLED") || isTaskError(thrown, "CLOSED");
  return isOurs || readThrown(thrown, "name") === "AbortError";
}

function nextAttemptAt(
  error: unknown,
  facts: { policy: AttemptPolicy; retriesUsed: number; now: number; random: () => number },
): number {
  const asked = isRetryAfter(error) ? retryTime(error, facts.now) : null;
  return asked ?? facts.now + retryDelay(facts.policy, facts.retriesUsed, facts.random);
}

/**
 * Decides what becomes of a task result after an attempt.
 *
 * A normal return wins over cancel, timeout and shutdown. A throw after a cancel is CANCELLED, after a shutdown it is
 * given back uncounted, unless it is `NonRetryable` or `RetryAfter`. Payload errors and `NonRetryable` are final; everything else is retried while retries are left.
 */
export function decideOutcome(
  attempt: RunningAttempt,
  end: AttemptEnd,
  facts: { readonly policy: AttemptPolicy; readonly now: number; readonly random: () => number },
): AttemptDecision {
  if (attempt.abortCause === "lease-lost") return { action: "drop" };
  if (end.kind === "returned")
    return { action: "settle", settlement: { status: "SUCCESSFUL", output: end.output } };
  const thrown =
    end.kind === "threw"
      ? end.error
      : new Error(`The handler did not stop after its timeout of ${attempt.timeoutMs} ms.`);
  const type = errorType(attempt, end);
  const error = attemptError(type, thrown, {
    attempt: attempt.number,
    workerId: attempt.workerId,
    at: facts.now,
  });
  if (attempt.abortCause === "cancel") {
    const settlement = { status: "CANCELLED", error: isAbortError(thrown) ? null : error } as const;
    return { action: "settle", settlement };
  }
  const isOrder = isNonRetryable(thrown) || isRetryAfter(thrown);
  if (attempt.abortCause === "shutdown" && end.kind === "threw" && end.by !== "payload" && !isOrder)
    return { action: "release", error: isAbortError(thrown) ? null : thrown };
  const { retriesUsed, maxRetries, priority } = attempt.claimed;
  const isFinal = type === "PAYLOAD_ERROR" || isNonRetryable(thrown) || retriesUsed >= maxRetries;
  if (isFinal) return { action: "settle", settlement: { status: "FAILED", error, started: true } };
  const runAfter = nextAttemptAt(thrown, { ...facts, retriesUsed });
  return {
    action: "settle",
    settlement: { status: "READY", runAfter, rank: rankOf(runAfter, priority), error },
  };
}
