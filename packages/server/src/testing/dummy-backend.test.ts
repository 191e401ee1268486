import { initTasks } from "@taskwright/shared";
import { expect, test } from "vitest";
import * as z from "zod";
import { createTaskServer } from "../create-task-server.ts";
import { createWorker } from "../worker/index.ts";
import { dummyBackend } from "./dummy-backend.ts";

const t = initTasks.create();
const tasks = t.router({ greet: t.task.input(z.object({ name: z.string() })), tidy: t.task });

test("a dummy backend keeps what is enqueued, runs nothing, and forgets it when told to", async () => {
  const dummy = dummyBackend();
  await using server = createTaskServer({ tasks, backend: dummy, handlers: { greet: fail, tidy: fail } });
  const { greet, tidy } = server.client.tasks;
  const first = await greet.applyAsync({ name: "Ada" }, { priority: 3, deduplicationId: "a" });
  const second = await tidy.delay();
  await second.cancel();
  expect(dummy.results).toMatchObject([
    { id: first.id, path: "greet", input: { name: "Ada" }, priority: 3, status: "READY" },
    { id: second.id, path: "tidy", input: undefined, status: "CANCELLED" },
  ]);
  expect(await first.status()).toBe("READY");
  await server.client.schedules.create({ id: "s", task: "tidy", cron: "* * * * *" });
  dummy.clear();
  expect(dummy.results).toEqual([]);
  expect((await server.client.schedules.list()).schedules).toEqual([]);
  expect((await greet.applyAsync({ name: "Ada" }, { deduplicationId: "a" })).deduplicated).toBe(false);
  await expect(first.refresh()).rejects.toMatchObject({ code: "RESULT_NOT_FOUND" });
});

test("no worker can claim from it, and the server says so", async () => {
  await using server = createTaskServer({
    tasks,
    backend: dummyBackend(),
    handlers: { greet: fail, tidy: fail },
  });
  expect(server.capabilities.default).toMatchObject({ leases: false, schedules: true, inspector: true });
  expect(() => createWorker(server)).toThrow(/cannot claim/);
  expect(await server.executor.processTasks()).toEqual([]);
});

function fail(): never {
  throw new Error("A dummy backend runs nothing.");
}
