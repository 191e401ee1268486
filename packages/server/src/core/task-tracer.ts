import type { AttemptError, Enqueued } from "@taskwright/shared";
import type { RunningAttempt } from "./attempt.ts";
import type { Logger } from "./logger.ts";
import type { SafeAttemptSpan } from "./safe-attempt-span.ts";
import type { Settled } from "./settled.ts";
import { boundedHeaders, readTrace } from "./stored-trace.ts";
import type {
  AttemptOutcome,
  AttemptSpan,
  EnqueueSpan,
  TracedAttempt,
  TracedEnqueue,
  TraceOrigin,
  Tracing,
} from "./tracing.ts";

type Told = Readonly<Record<string, string>>;

const OUTCOMES: Readonly<Record<Settled, AttemptOutcome>> = {
  SUCCESSFUL: "succeeded",
  READY: "retrying",
  FAILED: "failed",
  CANCELLED: "cancelled",
  released: "released",
  lost: "lease-lost",
  RUNNING: "lease-lost",
};

/** Traces what an engine does, whatever becomes of the tracing. */
export class TaskTracer {
  readonly #tracing: Tracing;
  readonly #logger: Logger;

  constructor(tracing: Tracing, logger: Logger) {
    this.#tracing = tracing;
    this.#logger = logger;
  }

  /**
   * Traces an enqueue.
   *
   * @param store makes it, and stores the origin with it; null where there is nothing to store of that
   */
  async enqueue<TAnswer extends Enqueued | readonly Enqueued[]>(
    facts: TracedEnqueue,
    store: (origin: TraceOrigin | null) => Promise<TAnswer>,
  ): Promise<TAnswer> {
    const told = { task: facts.path, queue: facts.queue };
    const span = this.#safely(told, () => this.#tracing.startEnqueue(facts));
    if (span === null) return store(null);
    const origin = this.#safely(told, () => this.#originOf(span, facts));
    try {
      const answer = await this.#within(span, told, () => store(origin));
      this.#safely(told, () => span.end({ kind: "stored", stored: [answer].flat() as Enqueued[] }));
      return answer;
    } catch (error) {
      this.#safely(told, () => span.end({ kind: "failed", error }));
      throw error;
    }
  }

  /** Begins the span of an attempt; null when the tracer throws. */
  startAttempt(running: RunningAttempt, by: TracedAttempt["by"]): SafeAttemptSpan | null {
    const { id, path, queue, workerId, number: attempt, scheduleId } = running;
    const told = { id, task: path };
    const origin = readTrace(running.claimed.policy);
    const backend = running.opened.name;
    const facts = { id, path, queue, backend, workerId, attempt, scheduleId, origin, by };
    const span = this.#safely(told, () => this.#tracing.startAttempt(facts));
    if (span === null) return null;
    let error: AttemptError | null = null;
    return {
      within: (work) => this.#within(span, told, work),
      failed: (reason) => {
        error = reason;
      },
      end: (settled) => {
        this.#safely(told, () => span.end(OUTCOMES[settled], error));
      },
    };
  }

  #originOf(span: EnqueueSpan, { path, count }: TracedEnqueue): TraceOrigin | null {
    const { headers, omitted } = boundedHeaders(span.headers);
    if (omitted.length > 0)
      this.#logger.debug(
        { task: path, headers: omitted },
        "Trace headers are too long to be stored with a task, and are left out.",
      );
    return Object.keys(headers).length === 0 ? null : { headers, isOneOfMany: count !== null };
  }

  /** Calls a function once, in the context of a span where that can be had. */
  #within<T>(span: EnqueueSpan | AttemptSpan, told: Told, work: () => Promise<T>): Promise<T> {
    let called: Promise<T> | null = null;
    const once = () => {
      called ??= work();
      return called;
    };
    this.#safely(told, () => {
      const returned: unknown = span.within(once);
      // One that waits for the work rejects as that does; nobody else waits for it.
      if (returned instanceof Promise && returned !== called) returned.catch(() => undefined);
    });
    return once();
  }

  #safely<T>(told: Told, trace: () => T): T | null {
    const logThrown = (error: unknown) =>
      this.#logger.warn({ err: error, ...told }, "Tracing threw; the task goes on without it.");
    try {
      const traced = trace() ?? null;
      if (traced instanceof Promise) traced.catch(logThrown);
      return traced;
    } catch (error) {
      logThrown(error);
      return null;
    }
  }
}
