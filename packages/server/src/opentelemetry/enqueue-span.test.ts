import { initTasks } from "@taskwright/shared";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { RecordedSpans } from "../../../../test/harness/recorded-spans.ts";
import { refusal } from "../../../../test/harness/sqlite-store.ts";
import { memoryBackend } from "../backends/memory/index.ts";
import { createTaskClient } from "../create-task-server.ts";
import { openTelemetry } from "./index.ts";

const t = initTasks.create({ queues: ["default", "emails"] });
const tasks = t.router({
  send: t.task.input(z.object({ to: z.string().max(20, "too long: {{secret-message}}") })).options({
    queue: "emails",
  }),
});

function trace() {
  const spans = new RecordedSpans();
  onTestFinished(() => spans[Symbol.dispose]());
  const backend = memoryBackend();
  const client = createTaskClient(tasks, { backend, tracing: openTelemetry(spans.options) });
  return { spans, backend, client };
}

test("an enqueue is a span inside what the caller does, and says what was stored where", async () => {
  const { spans, client } = trace();
  let id = "";
  const caller = await spans.inside("request", async () => {
    ({ id } = await client.tasks.send.delay({ to: "ada" }));
  });
  const span = await spans.one("enqueue send");
  expect(span).toMatchObject({ kind: "PRODUCER", parentId: caller, links: [], isError: false });
  expect(span.attributes).toEqual({
    "messaging.system.name": "taskwright",
    "messaging.system": "taskwright",
    "messaging.operation.type": "send",
    "messaging.operation.name": "enqueue",
    "messaging.destination.name": "emails",
    "messaging.message.id": id,
    "taskwright.task": "send",
    "taskwright.backend": "default",
    "taskwright.deduplicated": false,
  });
});

test("an enqueueMany is one span with the number of its inputs", async () => {
  const { spans, client } = trace();
  await client.tasks.send.using({ deduplicated: true }).enqueueMany([{ to: "a" }, { to: "b" }, { to: "a" }]);
  const span = await spans.one("enqueue send");
  expect(span.kind).toBe("PRODUCER");
  expect(span.attributes).toMatchObject({
    "messaging.batch.message_count": 3,
    "taskwright.deduplicated_count": 1,
  });
  expect(span.attributes).not.toHaveProperty(["messaging.message.id"]);
});

test("a deduplicated enqueue says so, and whose id it got; what is traced has the same key as what is not", async () => {
  const { spans, client, backend } = trace();
  const untraced = createTaskClient(tasks, { backend });
  const first = await untraced.tasks.send.enqueue({ to: "ada" }, { deduplicated: true });
  const second = await client.tasks.send.enqueue({ to: "ada" }, { deduplicated: true });
  expect(second.id).toBe(first.id);
  expect((await spans.one("enqueue send")).attributes).toMatchObject({
    "taskwright.deduplicated": true,
    "messaging.message.id": first.id,
  });
});

test("an enqueue that fails is an error by its code, which says nothing of the input", async () => {
  const { spans, client } = trace();
  await expect(client.tasks.send.delay({ to: "{{secret-input}}-is-too-long" })).rejects.toMatchObject({
    code: "PAYLOAD_ERROR",
  });
  await client.close();
  await expect(client.tasks.send.delay({ to: "ada" })).rejects.toMatchObject({ code: "CLOSED" });
  const [payload, closed] = await spans.all("enqueue send");
  expect(payload).toMatchObject({ isError: true, attributes: { "error.type": "PAYLOAD_ERROR" } });
  expect(JSON.stringify(payload)).not.toContain("secret");
  expect(closed).toMatchObject({
    isError: true,
    attributes: { "error.type": "CLOSED" },
    message: expect.stringContaining("was closed"),
  });
});

test("an error that is none of ours is told by no more than that", async () => {
  const { spans, backend } = trace();
  const broken = {
    ...backend,
    store: { ...backend.store, enqueue: () => Promise.reject(new RangeError("{{secret}}")) },
  };
  const client = createTaskClient(tasks, { backend: broken, tracing: openTelemetry(spans.options) });
  await expect(client.tasks.send.delay({ to: "ada" })).rejects.toThrow(RangeError);
  const span = await spans.one("enqueue send");
  expect(span).toMatchObject({ isError: true, attributes: { "error.type": "_OTHER" } });
  expect(JSON.stringify(span)).not.toContain("secret");
});

test("options are refused with what they need", async () => {
  const { backend } = trace();
  const refused = async (tracing: unknown) =>
    (await refusal(() => createTaskClient(tasks, { backend, tracing: tracing as never }))).message;
  const expected = "tracing must be what openTelemetry() of @taskwright/server/opentelemetry gives";
  expect(await refused("otel")).toBe(`${expected}; got string.`);
  expect(await refused(null)).toBe(`${expected}; got null.`);
  expect(await refused({ startEnqueue: () => {} })).toContain(expected);
  const refusedOption = async (options: object) => (await refusal(() => openTelemetry(options))).message;
  expect(await refusedOption({ tracerProvider: {} })).toBe(
    "tracerProvider of openTelemetry() must have the functions getTracer; got object without getTracer.",
  );
  expect(await refusedOption({ propagator: null })).toContain("inject, extract; got null");
  expect(await refusedOption({ tracer: {} })).toContain('"tracer"');
});
