import { initTasks } from "@taskwright/shared";
import { expect, test } from "vitest";
import * as z from "zod";
import { NonRetryable } from "../core/handler-signals.ts";
import { createTaskClient, createTaskServer } from "../create-task-server.ts";
import { immediateBackend } from "./immediate-backend.ts";

const t = initTasks.create();
const tasks = t.router({
  double: t.task.input(z.object({ n: z.number() })).output(z.number()),
  chain: t.task.input(z.object({ left: z.number() })),
});

function serve(double: (n: number, attempt: number) => number) {
  return createTaskServer({
    tasks,
    backend: immediateBackend(),
    handlers: {
      double: ({ input, attempt }) => double(input.n, attempt.number),
      chain: async ({ input, client }) => {
        if (input.left > 0) await client.tasks.chain.delay({ left: input.left - 1 });
      },
    },
    logger: false,
  });
}

test("a task has ended when its enqueue resolves, whenever it was to run", async () => {
  await using server = serve((n) => n * 2);
  const now = await server.client.tasks.double.delay({ n: 2 });
  expect(await now.refresh()).toMatchObject({ status: "SUCCESSFUL", output: 4, attempts: 1 });
  const later = await server.client.tasks.double.applyAsync({ n: 3 }, { countdown: "1h" });
  expect(await later.status()).toBe("SUCCESSFUL");
  const many = await server.client.tasks.double.enqueueMany([{ n: 4 }, { n: 5 }]);
  expect(await Promise.all(many.map((result) => result.get()))).toEqual([8, 10]);
});

test("what a handler throws is recorded and not thrown, and retries follow at once", async () => {
  await using server = serve((n, attempt) => {
    if (n < 0) throw new NonRetryable("negative");
    if (attempt <= n) throw new Error(`not at attempt ${attempt}`);
    return attempt;
  });
  const third = await server.client.tasks.double.delay({ n: 2 });
  expect(await third.refresh()).toMatchObject({
    status: "SUCCESSFUL",
    output: 3,
    errors: [{ message: "not at attempt 1" }, { message: "not at attempt 2" }],
  });
  const failed = await server.client.tasks.double.applyAsync({ n: 9 }, { maxRetries: 1 });
  expect(await failed.refresh()).toMatchObject({ status: "FAILED", attempts: 2 });
  const ended = await server.client.tasks.double.delay({ n: -1 });
  await expect(ended.get()).rejects.toMatchObject({ code: "TASK_FAILED" });
});

test("what is deduplicated does not run again", async () => {
  let runs = 0;
  await using server = serve(() => ++runs);
  await server.client.tasks.double.applyAsync({ n: 1 }, { deduplicated: true });
  const second = await server.client.tasks.double.applyAsync({ n: 1 }, { deduplicated: true });
  expect(await second.get()).toBe(1);
  expect(runs).toBe(1);
});

test("what a handler enqueues runs inside it; a chain without an end is refused", async () => {
  await using server = serve((n) => n);
  await server.client.tasks.chain.delay({ left: 99 });
  const { results } = await server.client.results.list({ limit: 1000 });
  expect(results.map(({ status }) => status)).toEqual(Array(100).fill("SUCCESSFUL"));
  await server.client.tasks.chain.applyAsync({ left: 100 }, { maxRetries: 0 });
  const failed = await server.client.results.list({ status: "FAILED", limit: 1000 });
  expect(failed.results.map(({ errors }) => errors[0]?.message)).toContainEqual(
    expect.stringContaining("inside 100 others"),
  );
});

test("without a handler in this process it stays READY", async () => {
  const client = createTaskClient(tasks, { backend: immediateBackend() });
  const result = await client.tasks.double.delay({ n: 1 });
  expect(await result.status()).toBe("READY");
  await client.close();
});

test("a chain without an end is refused also where it says nothing of its parents", async () => {
  let deepest = 0;
  const endless = createTaskServer({
    tasks,
    backend: immediateBackend(),
    handlers: {
      double: ({ input }) => input.n,
      chain: async ({ input }) => {
        deepest = Math.max(deepest, input.left);
        await endless.client.tasks.chain.applyAsync({ left: input.left + 1 }, { maxRetries: 0 });
      },
    },
    logger: false,
  });
  await using _ = endless;
  await endless.client.tasks.chain.applyAsync({ left: 1 }, { maxRetries: 0 });
  expect(deepest).toBe(10_000);
});
