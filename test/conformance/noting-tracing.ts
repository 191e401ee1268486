import { AsyncLocalStorage } from "node:async_hooks";
import type {
  AttemptOutcome,
  AttemptSpan,
  EnqueueSpan,
  TracedAttempt,
  TracedEnqueue,
  Tracing,
} from "@taskwright/server";

/** An attempt as a tracer saw it. */
interface NotedAttempt {
  readonly number: number;
  /** The enqueue that it says it belongs to; null for none. */
  readonly of: string | null;
  readonly isOneOfMany: boolean;
  outcome: AttemptOutcome | null;
}

/** A tracer without OpenTelemetry, which names spans and notes what it is told. */
export class NotingTracing implements Tracing {
  readonly enqueues: TracedEnqueue[] = [];
  readonly attempts: NotedAttempt[] = [];
  readonly #inside = new AsyncLocalStorage<string>();

  /** The span that the caller runs in. */
  get active(): string | undefined {
    return this.#inside.getStore();
  }

  startEnqueue(enqueue: TracedEnqueue): EnqueueSpan {
    const name = `enqueue ${this.enqueues.push(enqueue)}`;
    return {
      headers: { traceparent: name, baggage: "tenant=%C3%A9" },
      within: (work) => this.#inside.run(name, work),
      end: () => {},
    };
  }

  startAttempt({ attempt: number, origin, path }: TracedAttempt): AttemptSpan {
    if (origin !== null && origin.headers.baggage !== "tenant=%C3%A9")
      throw new Error("A header was not kept as it was.");
    const noted: NotedAttempt = {
      number,
      of: origin?.headers.traceparent ?? null,
      isOneOfMany: origin?.isOneOfMany ?? false,
      outcome: null,
    };
    this.attempts.push(noted);
    return {
      within: (work) => this.#inside.run(`attempt ${number} of ${path}`, work),
      end: (outcome) => {
        noted.outcome = outcome;
      },
    };
  }
}
