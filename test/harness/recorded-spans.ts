import { context, propagation, type Span, SpanKind, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";

/** A span as tests look at it. */
export interface RecordedSpan {
  readonly name: string;
  readonly kind: string;
  readonly id: string;
  readonly traceId: string;
  readonly parentId: string | null;
  /** The ids of the spans that it has links to. */
  readonly links: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly isError: boolean;
  readonly message: string | undefined;
  readonly exceptions: readonly unknown[];
  readonly durationMs: number;
}

function recorded(span: ReadableSpan): RecordedSpan {
  const [seconds, nanoseconds] = span.duration;
  return {
    name: span.name,
    kind: SpanKind[span.kind] ?? "",
    id: span.spanContext().spanId,
    traceId: span.spanContext().traceId,
    parentId: span.parentSpanContext?.spanId ?? null,
    links: span.links.map((link) => link.context.spanId),
    attributes: span.attributes,
    isError: span.status.code === 2,
    message: span.status.message,
    exceptions: span.events.map(({ attributes }) => attributes?.["exception.type"]),
    durationMs: seconds * 1_000 + nanoseconds / 1_000_000,
  };
}

/** An SDK of OpenTelemetry that keeps spans in memory; it takes the place of the global one until it is disposed of. */
export class RecordedSpans implements Disposable {
  readonly #exporter = new InMemorySpanExporter();
  readonly provider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter: this.#exporter })],
  });
  readonly propagator = new CompositePropagator({
    propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
  });
  /** The options of `openTelemetry()` for what is recorded here. */
  readonly options = { tracerProvider: this.provider, propagator: this.propagator };

  constructor() {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  }

  /** Runs something inside a span of the app's own, and gives that span's id. */
  async inside(
    name: string,
    work: () => Promise<unknown>,
    baggage?: Record<string, string>,
  ): Promise<string> {
    const entries = Object.entries(baggage ?? {}).map(([key, value]) => [key, { value }] as const);
    const around =
      entries.length === 0
        ? context.active()
        : propagation.setBaggage(context.active(), propagation.createBaggage(Object.fromEntries(entries)));
    const span: Span = this.provider.getTracer("app").startSpan(name, {}, around);
    await context.with(trace.setSpan(around, span), work);
    span.end();
    return span.spanContext().spanId;
  }

  /** The spans that have ended, oldest end first; with a name only those. */
  async all(name?: string): Promise<readonly RecordedSpan[]> {
    await this.provider.forceFlush();
    return this.#exporter
      .getFinishedSpans()
      .map(recorded)
      .filter((span) => name === undefined || span.name === name);
  }

  /** The only span of a name. */
  async one(name: string): Promise<RecordedSpan> {
    const found = await this.all(name);
    if (found.length !== 1 || found[0] === undefined)
      throw new Error(`There are ${found.length} spans ${name}.`);
    return found[0];
  }

  [Symbol.dispose](): void {
    context.disable();
    propagation.disable();
    trace.disable();
  }
}
