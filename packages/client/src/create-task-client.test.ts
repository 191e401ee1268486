import { initTasks, type TaskTransport } from "@taskwright/shared";
import { expect, it, vi } from "vitest";
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
    watchProgress: () => expect.fail("not asked for"),
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

const NAMES = "transport, url, path, headers, fetch, links, transformer, timeout, retries, trpc";
const NO_TRANSPORT =
  "createTaskClient() needs a transport: an object of functions, of the type TaskTransport.";

it.each([
  [undefined, "createTaskClient() takes its options as a plain object; got undefined."],
  [null, "createTaskClient() takes its options as a plain object; got null."],
  ["/api", "createTaskClient() takes its options as a plain object; got a string of length 4."],
  [{}, "createTaskClient() needs a url, a trpc or a transport."],
  [{ headers: {} }, "createTaskClient() needs a url, a trpc or a transport."],
  [{ transport: {} }, NO_TRANSPORT],
  [{ transport: "/api" }, NO_TRANSPORT],
  [{ transport: null }, NO_TRANSPORT],
  [
    { transprot: {} },
    `createTaskClient() has no option "transprot". Did you mean "transport"? It has: ${NAMES}.`,
  ],
  [
    { transport: { enqueue: () => {} }, timeout: "5s" },
    'createTaskClient({ transport }) has no option "timeout". It has: transport.',
  ],
  [{ url: "" }, 'createTaskClient() takes url as a non-empty string, such as "/api/trpc".'],
  [{ url: new URL("http://a") }, 'createTaskClient() takes url as a non-empty string, such as "/api/trpc".'],
  [
    { url: "/api", trpc: {} },
    'createTaskClient({ url }) has no option "trpc". It has: url, path, headers, fetch, links, transformer, timeout, retries.',
  ],
  [
    { url: "/api", path: "/background" },
    'createTaskClient() takes path as names joined by dots, such as "background".',
  ],
  [
    { url: "/api", path: "a..b" },
    'createTaskClient() takes path as names joined by dots, such as "background".',
  ],
  [{ url: "/api", retries: 11 }, "createTaskClient() takes retries as an integer from 0 to 10."],
  [
    { trpc: "/api" },
    "createTaskClient() takes trpc as a tRPC client, such as createTRPCClient() makes, or a part of one.",
  ],
  [
    { trpc: {}, path: "a" },
    'createTaskClient({ trpc }) has no option "path". It has: trpc, timeout, retries.',
  ],
])("is made of a url, a tRPC client or a transport, and not of %o", (options, message) => {
  expect(() => createTaskClient(options as never)).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION", message }),
  );
});

it("refuses a timeout that is none", () => {
  expect(() => createTaskClient({ url: "/api", timeout: 30 as never })).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION" }),
  );
});

it("refuses at once what JSON cannot say", async () => {
  const fetch = () => expect.fail("not asked for");
  const { tasks: callers } = createTaskClient<typeof tasks>({ url: "http://localhost", fetch });
  await expect(callers.mail.send.delay({ to: 1n as never })).rejects.toMatchObject({ code: "PAYLOAD_ERROR" });
});

it("makes its requests by the fetch that is there when it calls", async () => {
  const { tasks: callers } = createTaskClient<typeof tasks>({ url: "http://localhost", retries: 0 });
  const fetch = vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response("", { status: 403 }));
  await expect(callers.mail.send.delay({ to: "a" })).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect(fetch).toHaveBeenCalledOnce();
  fetch.mockRestore();
});
