import { initTasks, type TaskTransport } from "@taskwright/shared";
import { expect, it } from "vitest";
import { z } from "zod";
import { createTaskClient } from "./create-task-client.ts";

const t = initTasks.create();
const tasks = t.router({
  mail: t.router({ send: t.task.input(z.object({ to: z.string() })).output(z.string()) }),
});

it("is the same client as a server's, over a transport", async () => {
  const calls: unknown[] = [];
  const refuse = () => Promise.reject(new Error("not asked for"));
  const transport: TaskTransport = {
    enqueue: async (call) => {
      calls.push(call);
      return { id: "id-1", deduplicated: false, status: "READY" };
    },
    enqueueMany: refuse,
    getResult: refuse,
    waitForResult: refuse,
    cancel: async (address) => {
      calls.push(address);
      return "cancelled";
    },
    listResults: refuse,
  };
  const client = createTaskClient<typeof tasks>({ transport });
  const result = await client.tasks.mail.send.using({ priority: 2 }).delay({ to: "a" });
  expect(await result.cancel()).toBe("cancelled");
  expect(calls).toEqual([
    { path: "mail.send", input: { to: "a" }, options: [{ priority: 2 }] },
    { id: "id-1", path: "mail.send", backend: null },
  ]);
});

it.each([
  ["the contract and a backend", [tasks, { backend: {} }]],
  ["the contract alone", [tasks]],
  ["a backend alone", [{ backend: {} }]],
  ["several backends", [{ backends: {} }]],
])("called with %s, points to the client that takes it", (_, words) => {
  expect(() => Reflect.apply(createTaskClient, undefined, words)).toThrow(
    expect.objectContaining({
      code: "INVALID_OPTION",
      message: expect.stringContaining("use createTaskClient(tasks, { backend }) of @taskwright/server"),
    }),
  );
});

it.each([
  [undefined, "createTaskClient() takes its options as a plain object; got undefined."],
  [null, "createTaskClient() takes its options as a plain object; got null."],
  ["/api", "createTaskClient() takes its options as a plain object; got a string of length 4."],
  [{}, "createTaskClient() needs a transport."],
  [{ transport: {} }, "createTaskClient() needs a transport."],
  [{ transport: "/api" }, "createTaskClient() needs a transport."],
  [{ transport: null }, "createTaskClient() needs a transport."],
  [
    { transprot: {} },
    'createTaskClient() has no option "transprot". Did you mean "transport"? It has: transport.',
  ],
  [
    { transport: { enqueue: () => {} }, batch: true },
    'createTaskClient() has no option "batch". It has: transport.',
  ],
])("needs a transport and nothing else, not %o", (options, message) => {
  expect(() => createTaskClient(options as never)).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION", message }),
  );
});
