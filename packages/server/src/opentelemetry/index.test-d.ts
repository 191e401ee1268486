import { propagation, type TextMapPropagator, trace } from "@opentelemetry/api";
import { initTasks } from "@taskwright/shared";
import { expectTypeOf } from "vitest";
import { memoryBackend } from "../backends/memory/index.ts";
import type { Tracing } from "../core/tracing.ts";
import { createTaskClient, createTaskServer } from "../create-task-server.ts";
import { type OpenTelemetryOptions, openTelemetry } from "./index.ts";

const t = initTasks.create();
const tasks = t.router({ work: t.task });
const backend = memoryBackend();
const handlers = { work: () => {} };
declare const propagator: TextMapPropagator;

expectTypeOf(openTelemetry()).toEqualTypeOf<Tracing>();
expectTypeOf<OpenTelemetryOptions["propagator"]>().toEqualTypeOf<TextMapPropagator | undefined>();
openTelemetry({ tracerProvider: trace.getTracerProvider(), propagator });
openTelemetry({ tracerProvider: trace, propagator: propagation });
createTaskServer({ tasks, backend, handlers, tracing: openTelemetry() });
createTaskClient(tasks, { backend, tracing: openTelemetry() });

// @ts-expect-error -- a provider gives tracers
openTelemetry({ tracerProvider: {} });
// @ts-expect-error -- there is no such option
openTelemetry({ tracer: trace.getTracer("app") });
// @ts-expect-error -- it is called
createTaskServer({ tasks, backend, handlers, tracing: openTelemetry });
// @ts-expect-error -- no tracing is no option
createTaskClient(tasks, { backend, tracing: false });
