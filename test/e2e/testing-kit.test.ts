import { createHttpHandler } from "@taskwright/server/http";
import { createTestServer } from "@taskwright/server/testing";
import "@taskwright/server/testing/vitest";
import { createWorker } from "@taskwright/server/worker";
import { initTasks } from "@taskwright/shared";
import { expect, test } from "vitest";
import * as z from "zod";

const t = initTasks.create();
const tasks = t.router({
  greet: t.task.input(z.object({ name: z.string() })).output(z.string()),
  tidy: t.task,
});
const handlers = { greet: ({ input }: { input: { name: string } }) => `Dear ${input.name}`, tidy: () => {} };

test("the built entries work together: the server, and vitest's matcher", async () => {
  await using server = createTestServer({ tasks, handlers });
  await server.client.tasks.greet.delay({ name: "Ada" });
  expect(server).toHaveEnqueued("greet", { name: "Ada" });
  expect(() => expect(server).toHaveEnqueued("tidy")).toThrow(/Enqueued were:\n {2}greet \{"name": "Ada"\}/);
});

test("a worker of a test server goes by its clock", async () => {
  await using server = createTestServer({ tasks, handlers });
  await using worker = createWorker(server);
  await worker.start();
  const result = await server.client.tasks.greet.applyAsync({ name: "Ada" }, { countdown: "1h" });
  await server.clock.advance("59m");
  expect(await result.status()).toBe("READY");
  await server.clock.advance("1m");
  expect(await result.refresh()).toMatchObject({ status: "SUCCESSFUL", output: "Dear Ada" });
});

test("HTTP endpoints are tried out with a test server behind them", async () => {
  await using server = createTestServer({ tasks, handlers });
  const handle = createHttpHandler(server, { auth: "none" });
  await server.client.tasks.greet.delay({ name: "Ada" });
  const response = await handle(new Request("http://localhost/tasks/run", { method: "POST" }));
  expect(response.status).toBe(200);
  expect(server.enqueued("greet")).toMatchObject([{ status: "SUCCESSFUL" }]);
});
