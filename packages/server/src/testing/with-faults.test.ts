import { mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initTasks } from "@taskwright/shared";
import { expect, test } from "vitest";
import * as z from "zod";
import { memoryBackend } from "../backends/memory/index.ts";
import { sqliteBackend } from "../backends/sqlite/index.ts";
import { createTaskServer } from "../create-task-server.ts";
import { createTestServer } from "./create-test-server.ts";
import type { Fault } from "./fault.ts";
import { withFaults } from "./with-faults.ts";

const t = initTasks.create();
const tasks = t.router({
  count: t.task.input(z.object({ as: z.string() })).output(z.number()),
  other: t.task,
});

/** A test server whose handler notes its runs. */
function counting(faults: readonly Fault[]) {
  const runs: string[] = [];
  const server = createTestServer({
    tasks,
    now: "2030-01-01T08:30:00Z",
    handlers: {
      count: ({ input, attempt }) => runs.push(`${input.as} ${attempt.number}`),
      other: () => {},
    },
    faults,
  });
  return { server, runs };
}

test("a crash after the claim loses the attempt: another follows when the lease has expired", async () => {
  const { server, runs } = counting([{ fault: "crashAfterClaim" }]);
  await using _ = server;
  const lost = await server.client.tasks.count.delay({ as: "lost" });
  const next = await server.client.tasks.count.delay({ as: "next" });
  expect(await server.drain()).toMatchObject([{ id: next.id }]);
  expect(await lost.status()).toBe("RUNNING");
  await server.clock.advance("59s");
  expect(await server.drain()).toEqual([]);
  await server.clock.advance("1s");
  expect(await server.drain()).toMatchObject([
    { id: lost.id, status: "SUCCESSFUL", attempts: 2, errors: [{ type: "LEASE_EXPIRED" }] },
  ]);
  expect(runs).toEqual(["next 1", "lost 2"]);
});

test("a crash after the run makes the handler run again, and its output does not count", async () => {
  const { server, runs } = counting([{ fault: "crashAfterRun", task: "count" }]);
  await using _ = server;
  await server.client.tasks.other.delay();
  const result = await server.client.tasks.count.delay({ as: "a" });
  await server.drain();
  expect(await result.status()).toBe("RUNNING");
  expect(await server.drain({ withRetries: true })).toMatchObject([{ status: "SUCCESSFUL", output: 2 }]);
  expect(runs).toEqual(["a 1", "a 2"]);
});

test("three crashes of one task give it up", async () => {
  const { server, runs } = counting([{ fault: "crashAfterRun", times: 3 }]);
  await using _ = server;
  const result = await server.client.tasks.count.delay({ as: "a" });
  await server.drain({ withRetries: true });
  expect(await result.refresh()).toMatchObject({ status: "FAILED", attempts: 3 });
  expect(runs).toHaveLength(3);
});

test("a task that is delivered twice runs twice, and is stored once", async () => {
  const { server, runs } = counting([{ fault: "duplicateDelivery", task: "count", skip: 1 }]);
  await using _ = server;
  const finished: string[] = [];
  server.events.on("succeeded", ({ id }) => void finished.push(id));
  await server.client.tasks.count.delay({ as: "a" });
  const twice = await server.client.tasks.count.delay({ as: "b" });
  await server.client.tasks.count.delay({ as: "c" });
  await server.drain();
  expect(runs).toEqual(["a 1", "b 1", "b 1", "c 1"]);
  expect(await twice.refresh()).toMatchObject({ status: "SUCCESSFUL", output: 2, attempts: 1 });
  expect(finished).toHaveLength(3);
});

test("a lost answer of an enqueue rejects although the task is there", async () => {
  const { server } = counting([{ fault: "lostAnswer", on: "store.enqueue" }]);
  await using _ = server;
  const { count } = server.client.tasks;
  await expect(count.delay({ as: "a" })).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
  expect(server.enqueued("count", { as: "a" })).toHaveLength(1);
  await count.delay({ as: "b" });
  expect(server.enqueued()).toHaveLength(2);
});

test("an outage keeps calls from the store, as many as it is told", async () => {
  const { server } = counting([{ fault: "outage", times: 2, skip: 1, on: ["store.enqueue", "store.get"] }]);
  await using _ = server;
  const { count } = server.client.tasks;
  const result = await count.delay({ as: "a" });
  expect(server.faults.pending).toHaveLength(1);
  await expect(count.delay({ as: "b" })).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
  await expect(result.refresh()).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
  expect(server.faults.pending).toEqual([]);
  expect(await result.status()).toBe("READY");
  expect(server.enqueued()).toHaveLength(1);
});

test("a settlement that meets an outage is stored when that is over", async () => {
  const { server, runs } = counting([{ fault: "outage", times: 2, on: "leases.settle" }]);
  await using _ = server;
  const result = await server.client.tasks.count.delay({ as: "a" });
  const drained = server.drain();
  await server.clock.advance("1s");
  expect(await drained).toMatchObject([{ id: result.id, status: "SUCCESSFUL" }]);
  expect(runs).toEqual(["a 1"]);
});

test("a delay goes by the clock of the test", async () => {
  const { server } = counting([{ fault: "delay", by: "5s", on: "store.enqueue" }]);
  await using _ = server;
  let isStored = false;
  const enqueued = server.client.tasks.count.delay({ as: "a" }).then(() => {
    isStored = true;
  });
  await server.clock.advance("4s");
  expect([isStored, server.enqueued().length]).toEqual([false, 0]);
  await server.clock.advance("1s");
  await enqueued;
  expect(server.enqueued()).toHaveLength(1);
});

test("a tick that an outage met is enqueued when the clock goes on, under its own time", async () => {
  const { server } = counting([]);
  await using _ = server;
  await server.client.schedules.create({ task: "other", cron: "0 * * * *" });
  server.faults.inject({ fault: "outage", on: "schedules.save" });
  await server.clock.advance("1h");
  expect(server.faults.pending).toEqual([]);
  expect(server.enqueued("other")).toMatchObject([
    { runAfter: new Date("2030-01-01T09:00:00Z"), enqueuedAt: new Date("2030-01-01T09:00:10Z") },
  ]);
});

test("faults are injected as a test goes on, the first that fits first", async () => {
  const { server } = counting([]);
  await using _ = server;
  server.faults.inject(
    { fault: "lostAnswer", on: "store.enqueue" },
    { fault: "outage", on: "store.enqueue" },
  );
  const { count } = server.client.tasks;
  await expect(count.delay({ as: "a" })).rejects.toThrow(/was lost/);
  await expect(count.delay({ as: "b" })).rejects.toThrow(/did not reach/);
  await count.delay({ as: "c" });
  expect(server.enqueued().map(({ input }) => input)).toEqual([{ as: "a" }, { as: "c" }]);
});

test("faults come between a server and any backend, such as a file of SQLite", async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), "taskwright-faults-"));
  const file = join(folder.path, "tasks.db");
  const backend = withFaults(sqliteBackend({ file }), [{ fault: "lostAnswer", on: "store.enqueue" }]);
  const runs: string[] = [];
  await using server = createTaskServer({
    tasks,
    backend,
    handlers: { count: ({ input }) => runs.push(input.as), other: () => {} },
    logger: false,
  });
  await expect(server.client.tasks.count.delay({ as: "a" })).rejects.toThrow(/was lost/);
  backend.faults.inject({ fault: "duplicateDelivery" });
  await server.executor.processTasks();
  expect(runs).toEqual(["a", "a"]);
  expect(backend.faults.pending).toEqual([]);
  expect((await server.executor.getTaskCounts()).SUCCESSFUL).toBe(1);
});

test("what is no fault is refused, with what would be one", () => {
  const inject = (fault: object) => () => withFaults(memoryBackend(), [fault as Fault]);
  expect(inject({ fault: "crashAfterClaims" })).toThrow(/crashAfterClaim"\?/);
  expect(inject({})).toThrow(/fault is one of/);
  expect(inject({ fault: "lostAnswer" })).toThrow(/store\.enqueue, store\.get/);
  expect(inject({ fault: "lostAnswer", on: "store.enque" })).toThrow(/Did you mean "store\.enqueue"/);
  expect(inject({ fault: "lostAnswer", on: [] })).toThrow(/name an operation/);
  expect(inject({ fault: "outage", calls: 3 })).toThrow(/calls/);
  expect(inject({ fault: "outage", times: 0 })).toThrow(/times/);
  expect(inject({ fault: "outage", skip: -1 })).toThrow(/skip/);
  expect(inject({ fault: "delay", by: 5, on: "store.get" })).toThrow(/duration/);
  expect(inject({ fault: "crashAfterRun", task: 5 })).toThrow(/path/);
  expect(() => withFaults({} as never)).toThrow(/takes a backend/);
  expect(() => withFaults(null as never)).toThrow(/takes a backend/);
});
