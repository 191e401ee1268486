import { propagation, type TextMapPropagator, type TracerProvider, trace } from "@opentelemetry/api";
import { checkOptionNames, TaskError } from "@taskwright/shared";
import type { Tracing } from "../core/tracing.ts";
import { startAttempt } from "./attempt-span.ts";
import { startEnqueue } from "./enqueue-span.ts";

/** What {@link openTelemetry} takes. */
export interface OpenTelemetryOptions {
  /** Where spans go. @default the global one */
  readonly tracerProvider?: TracerProvider;
  /** Writes and reads what is stored of a trace with tasks. @default the global one */
  readonly propagator?: TextMapPropagator;
}

function checkMethods(given: unknown, option: keyof OpenTelemetryOptions, methods: readonly string[]): void {
  if (given === undefined) return;
  const missing = methods.filter(
    (method) => typeof (given as Partial<Record<string, unknown>> | null)?.[method] !== "function",
  );
  if (missing.length === 0) return;
  throw new TaskError({
    code: "INVALID_OPTION",
    message: `${option} of openTelemetry() must have the functions ${methods.join(", ")}; got ${given === null ? "null" : typeof given} without ${missing.join(", ")}.`,
    data: { option },
  });
}

/** Without one, what tasks carry would be nothing, and no attempt would be in the trace of its enqueue. */
function checkPropagator({ tracerProvider, propagator }: OpenTelemetryOptions): void {
  if (tracerProvider === undefined || propagator !== undefined || propagation.fields().length > 0) return;
  throw new TaskError({
    code: "INVALID_OPTION",
    message:
      "openTelemetry({ tracerProvider }) needs a propagator too, as none is registered: such as propagator: new W3CTraceContextPropagator() of @opentelemetry/core.",
    data: { option: "propagator" },
  });
}

/**
 * Makes spans of enqueues and attempts, for the option `tracing` of servers and clients.
 *
 * Without options it is all that is registered globally, also after this call.
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Tracing {
  checkOptionNames(options, "openTelemetry()", ["tracerProvider", "propagator"]);
  const { tracerProvider = trace, propagator = propagation } = options;
  checkMethods(tracerProvider, "tracerProvider", ["getTracer"]);
  checkMethods(propagator, "propagator", ["inject", "extract"]);
  checkPropagator(options);
  const source = { tracer: tracerProvider.getTracer("@taskwright/server"), propagator };
  return {
    startEnqueue: (enqueue) => startEnqueue(source, enqueue),
    startAttempt: (attempt) => startAttempt(source, attempt),
  };
}
