import {
  type Context,
  context,
  defaultTextMapGetter,
  diag,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import type { AttemptError } from "@taskwright/shared";
import type { AttemptOutcome, AttemptSpan, TracedAttempt } from "../core/tracing.ts";
import { messageAttributes } from "./attributes.ts";
import type { SpanSource } from "./enqueue-span.ts";

/** Ends that are errors of the attempt; a cancel is somebody's wish, and what is given back has not failed. */
const ERRORS: ReadonlySet<AttemptOutcome> = new Set(["retrying", "failed", "lease-lost"]);

/** The span of one attempt. */
class StartedAttempt implements AttemptSpan {
  readonly #span: Span;
  readonly #context: Context;
  #handledAt: number | undefined;

  constructor(span: Span, inside: Context) {
    this.#span = span;
    this.#context = inside;
  }

  within<T>(work: () => T): T {
    const returned = context.with(this.#context, work);
    // A span is as long as its handler took: the store may take its time to learn of the end, and hooks come after that.
    const note = () => {
      this.#handledAt ??= performance.now();
    };
    if (returned instanceof Promise) returned.then(note, note);
    return returned;
  }

  end(outcome: AttemptOutcome, error: AttemptError | null): void {
    const span = this.#span;
    // A schema's own messages may quote the input or the output.
    const message = error === null || error.type === "PAYLOAD_ERROR" ? null : error.message;
    span.setAttribute("taskwright.outcome", outcome);
    if (error !== null) {
      const { type, exceptionClass: name, stack } = error;
      const said = { ...(message === null ? {} : { message, ...(stack === null ? {} : { stack }) }) };
      span.recordException({ name, ...said }, this.#handledAt);
      span.setAttribute("taskwright.error.type", type);
    }
    if (ERRORS.has(outcome)) {
      span.setAttribute("error.type", error?.exceptionClass ?? outcome);
      span.setStatus({
        code: SpanStatusCode.ERROR,
        ...(message === null ? {} : { message }),
      });
    }
    span.end(this.#handledAt);
  }
}

function spanContextOf(inside: Context): SpanContext | null {
  const found = trace.getSpanContext(inside);
  return found !== undefined && isSpanContextValid(found) ? found : null;
}

/** What the enqueue said of its context; nothing where that is not stored, or cannot be read. */
function originContext({ propagator }: SpanSource, { origin }: TracedAttempt): Context {
  if (origin === null) return ROOT_CONTEXT;
  try {
    return propagator.extract(ROOT_CONTEXT, origin.headers, defaultTextMapGetter);
  } catch (error) {
    diag.debug("What is stored of a task's trace cannot be read.", error);
    return ROOT_CONTEXT;
  }
}

/** Where the span of an attempt belongs. */
function placeOf(
  source: SpanSource,
  facts: TracedAttempt,
): { readonly within: Context; readonly root: boolean; readonly links: Link[] } {
  const active = context.active();
  if (facts.by === "run") return { within: active, root: false, links: [] };
  const within = originContext(source, facts);
  const enqueue = spanContextOf(within);
  const root = enqueue === null || facts.origin?.isOneOfMany === true;
  const links: Link[] = root && enqueue !== null ? [{ context: enqueue }] : [];
  const caller = facts.by === "call" ? spanContextOf(active) : null;
  if (caller !== null && caller.spanId !== enqueue?.spanId) links.push({ context: caller });
  return { within, root, links };
}

/** Begins the span of an attempt: a child of its enqueue's, or linked to it where that was of many. */
export function startAttempt(source: SpanSource, facts: TracedAttempt): AttemptSpan {
  const { id, path, workerId, attempt, scheduleId, by } = facts;
  const { within, root, links } = placeOf(source, facts);
  const attributes =
    by === "run"
      ? { "taskwright.task": path, "taskwright.backend": facts.backend }
      : {
          ...messageAttributes(facts, { type: "process", name: "process" }),
          "messaging.message.id": id,
          "messaging.client.id": workerId,
          "taskwright.attempt": attempt,
          ...(scheduleId === null ? {} : { "taskwright.schedule.id": scheduleId }),
        };
  const kind = by === "run" ? SpanKind.INTERNAL : SpanKind.CONSUMER;
  const name = `${by === "run" ? "run" : "process"} ${path}`;
  const span = source.tracer.startSpan(name, { kind, attributes, root, links }, within);
  return new StartedAttempt(span, trace.setSpan(within, span));
}
