import {
  type Context,
  context,
  defaultTextMapSetter,
  diag,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapPropagator,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { type Enqueued, isTaskError } from "@taskwright/shared";
import type { EnqueueEnd, EnqueueSpan, TracedEnqueue, TraceHeaders } from "../core/tracing.ts";
import { messageAttributes } from "./attributes.ts";

/** What makes spans and writes where in a trace they are. */
export interface SpanSource {
  readonly tracer: Tracer;
  readonly propagator: Pick<TextMapPropagator, "inject" | "extract">;
}

/** The span of one `enqueue` or `enqueueMany`. */
class StartedEnqueue implements EnqueueSpan {
  readonly headers: TraceHeaders;
  readonly #span: Span;
  readonly #context: Context;
  readonly #isMany: boolean;

  constructor(parts: {
    readonly span: Span;
    readonly context: Context;
    readonly headers: TraceHeaders;
    readonly isMany: boolean;
  }) {
    this.headers = parts.headers;
    this.#span = parts.span;
    this.#context = parts.context;
    this.#isMany = parts.isMany;
  }

  within<T>(work: () => T): T {
    return context.with(this.#context, work);
  }

  end(end: EnqueueEnd): void {
    if (end.kind === "failed") this.#failed(end.error);
    else this.#stored(end.stored);
    this.#span.end();
  }

  #stored(stored: readonly Enqueued[]): void {
    const [first] = stored;
    if (this.#isMany)
      this.#span.setAttribute(
        "taskwright.deduplicated_count",
        stored.filter(({ deduplicated }) => deduplicated).length,
      );
    else if (first !== undefined)
      this.#span.setAttributes({
        "messaging.message.id": first.id,
        "taskwright.deduplicated": first.deduplicated,
      });
  }

  #failed(error: unknown): void {
    const code = isTaskError(error) ? error.code : null;
    this.#span.setAttribute("error.type", code ?? "_OTHER");
    // A schema's own messages may quote the input.
    const isTellable = isTaskError(error) && code !== "PAYLOAD_ERROR";
    this.#span.setStatus({
      code: SpanStatusCode.ERROR,
      ...(isTellable ? { message: error.message } : {}),
    });
  }
}

/** What is to be stored of a context; nothing where that cannot be written. */
function headersOf(propagator: SpanSource["propagator"], inside: Context): TraceHeaders {
  const headers: Record<string, string> = {};
  try {
    propagator.inject(inside, headers, defaultTextMapSetter);
    return headers;
  } catch (error) {
    diag.debug("The context of an enqueue cannot be written, and is not stored with its task.", error);
    return {};
  }
}

/** Begins the span of an enqueue, inside what is active. */
export function startEnqueue({ tracer, propagator }: SpanSource, facts: TracedEnqueue): EnqueueSpan {
  const { path, count } = facts;
  const attributes = {
    ...messageAttributes(facts, { type: "send", name: "enqueue" }),
    ...(count === null ? {} : { "messaging.batch.message_count": count }),
  };
  const active = context.active();
  const span = tracer.startSpan(`enqueue ${path}`, { kind: SpanKind.PRODUCER, attributes }, active);
  const inside = trace.setSpan(active, span);
  const headers = headersOf(propagator, inside);
  return new StartedEnqueue({ span, context: inside, headers, isMany: count !== null });
}
