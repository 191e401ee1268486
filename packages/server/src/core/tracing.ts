import type { AttemptError, Enqueued } from "@taskwright/shared";

/** What says to which trace something belongs, as propagators write it: `traceparent`, `tracestate`, `baggage`. */
export type TraceHeaders = Readonly<Record<string, string>>;

/** Where in a trace a task result was enqueued; stored with it. */
export interface TraceOrigin {
  readonly headers: TraceHeaders;
  /** Whether it is one of many of one `enqueueMany`. */
  readonly isOneOfMany: boolean;
}

/** An enqueue whose span begins. */
export interface TracedEnqueue {
  readonly path: string;
  readonly queue: string;
  /** The name of the server's backend. */
  readonly backend: string;
  /** How many inputs `enqueueMany` was given; null for a single enqueue. */
  readonly count: number | null;
}

/**
 * How an enqueue ended.
 *
 * Inside a transaction of the caller's it is `stored` when it is written there: the commit comes later, and a rollback is not
 * told.
 */
export type EnqueueEnd =
  | { readonly kind: "stored"; readonly stored: readonly Enqueued[] }
  | { readonly kind: "failed"; readonly error: unknown };

/** An attempt whose span begins. */
export interface TracedAttempt {
  /** The task result's id; for `server.run` one of its own. */
  readonly id: string;
  readonly path: string;
  readonly queue: string;
  /** The name of the server's backend. */
  readonly backend: string;
  readonly workerId: string;
  /** The attempt's number, from 1. */
  readonly attempt: number;
  readonly scheduleId: string | null;
  /** Where it was enqueued; null for a schedule's tick, and for what was enqueued untraced. */
  readonly origin: TraceOrigin | null;
  /**
   * What began it: a worker's loop, which runs in no trace; a call of the executor, an endpoint or the webhook; or
   * `server.run`, of which it is a part.
   */
  readonly by: "worker" | "call" | "run";
}

/** How an attempt ended, in the words of metrics. */
export type AttemptOutcome = "succeeded" | "retrying" | "failed" | "cancelled" | "released" | "lease-lost";

/** A span that something happens in. */
interface TaskSpan {
  /** Calls a function, once and at once, in the context of the span, and gives what that returns. */
  within<T>(work: () => T): T;
}

/** The span of an enqueue. */
export interface EnqueueSpan extends TaskSpan {
  /** What attempts must know to belong to it; stored with each task result, up to 4 KiB. */
  readonly headers: TraceHeaders;
  end(end: EnqueueEnd): void;
}

/** The span of an attempt; hooks of a failure are called within it too, before its end. */
export interface AttemptSpan extends TaskSpan {
  /** @param error what is stored of what went wrong; null for nothing */
  end(outcome: AttemptOutcome, error: AttemptError | null): void;
}

/**
 * What makes spans of enqueues and attempts, such as `openTelemetry()` does.
 *
 * What it throws is logged, and harms no task.
 */
export interface Tracing {
  startEnqueue(enqueue: TracedEnqueue): EnqueueSpan;
  startAttempt(attempt: TracedAttempt): AttemptSpan;
}
