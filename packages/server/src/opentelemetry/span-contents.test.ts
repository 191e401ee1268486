import { initTasks } from "@taskwright/shared";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { RecordedSpans } from "../../../../test/harness/recorded-spans.ts";
import { memoryBackend } from "../backends/memory/index.ts";
import { createTaskServer } from "../create-task-server.ts";
import { openTelemetry } from "./index.ts";

const t = initTasks.create();
const loose = t.router({ pay: t.task.input(z.object({ card: z.string() })).output(z.string()) });
const strict = t.router({
  pay: t.task
    .input(
      z.object({
        card: z.string().refine((card) => card.length < 5, { error: (i) => `bad card ${i.input}` }),
      }),
    )
    .output(z.string().refine((out) => out.length < 5, { error: (i) => `bad output ${i.input}` })),
});

function recorder(): RecordedSpans {
  const spans = new RecordedSpans();
  onTestFinished(() => spans[Symbol.dispose]());
  return spans;
}

test("what a schema says of an input or an output, which may quote it, is in no span of an attempt", async () => {
  const spans = recorder();
  const backend = memoryBackend();
  const handlers = { pay: () => "4111-SECRET" };
  const old = createTaskServer({ tasks: loose, backend, handlers, logger: false });
  const server = createTaskServer({
    tasks: strict,
    backend,
    handlers,
    tracing: openTelemetry(spans.options),
    logger: false,
  });
  await old.client.tasks.pay.enqueue({ card: "4111-SECRET" }, { maxRetries: 0 });
  await old.client.tasks.pay.enqueue({ card: "1" }, { maxRetries: 0 });
  await server.executor.processTasks();
  await expect(server.run.pay({ card: "1" })).rejects.toMatchObject({ code: "PAYLOAD_ERROR" });
  const all = [...(await spans.all("process pay")), ...(await spans.all("run pay"))];
  expect(all.map(({ attributes }) => attributes["taskwright.error.type"])).toEqual(
    all.map(() => "PAYLOAD_ERROR"),
  );
  expect(all).toHaveLength(3);
  expect(JSON.stringify(all)).not.toContain("SECRET");
});

test("a server.run whose output does not fit has failed", async () => {
  const spans = recorder();
  const server = createTaskServer({
    tasks: strict,
    backend: memoryBackend(),
    handlers: { pay: () => "too long" },
    tracing: openTelemetry(spans.options),
    logger: false,
  });
  await expect(server.run.pay({ card: "1" })).rejects.toMatchObject({ code: "PAYLOAD_ERROR" });
  expect(await spans.one("run pay")).toMatchObject({
    isError: true,
    attributes: { "taskwright.outcome": "failed" },
  });
});

test("an enqueue whose context cannot be written has its span, and stores nothing of it", async () => {
  const spans = recorder();
  const propagator = {
    inject: () => {
      throw new Error("no luck");
    },
    extract: spans.propagator.extract.bind(spans.propagator),
    fields: () => [],
  };
  const server = createTaskServer({
    tasks: loose,
    backend: memoryBackend(),
    handlers: { pay: () => "" },
    tracing: openTelemetry({ tracerProvider: spans.provider, propagator }),
    logger: false,
  });
  await server.client.tasks.pay.delay({ card: "1" });
  await server.executor.processOneTask();
  expect(await spans.one("enqueue pay")).toMatchObject({ isError: false });
  expect(await spans.one("process pay")).toMatchObject({ isError: false, parentId: null });
});

test("a provider without a propagator is refused where none is registered, as attempts would join no trace", () => {
  const spans = recorder();
  expect(() => openTelemetry({ tracerProvider: spans.provider })).toThrow(
    "openTelemetry({ tracerProvider }) needs a propagator too, as none is registered: such as propagator: new W3CTraceContextPropagator() of @opentelemetry/core.",
  );
});
