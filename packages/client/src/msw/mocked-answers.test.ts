import { initTasks, TaskError } from "@taskwright/shared";
import { createTRPCClient, httpBatchLink, httpBatchStreamLink } from "@trpc/client";
import { TRPCError } from "@trpc/server";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { createTaskClient } from "../create-task-client.ts";
import { mockTasks } from "./mock-tasks.ts";

const t = initTasks.create();
const tasks = t.router({
  first: t.task.input(z.object({ a: z.int() })).output(z.int()),
  second: t.task.input(z.object({ b: z.string() })),
  inner: t.router({ tick: t.task }),
});

const url = "http://localhost/api/trpc";
const mock = mockTasks<typeof tasks>({ url });
const server = setupServer(...mock.handlers);
const client = createTaskClient<typeof tasks>({ url, retries: 0 });
const { first, second, inner } = client.tasks;
const requests: string[] = [];

beforeAll(() => {
  server.listen({ onUnhandledFrame: "error" });
  server.events.on("request:start", ({ request }) => {
    requests.push(new URL(request.url).pathname);
  });
});
afterEach(() => {
  requests.length = 0;
  server.resetHandlers();
  mock.reset();
});
afterAll(() => server.close());

describe("a function of a test", () => {
  it("drives what is enqueued, and may be asynchronous", async () => {
    server.use(
      mock.tasks.first.delay(async ({ input, options, method, task }) => {
        await Promise.resolve();
        expect([input, options, method]).toEqual([{ a: 1 }, { countdown: "1m" }, "enqueue"]);
        task.succeed(input.a + 1);
      }),
    );
    const result = await first.applyAsync({ a: 1 }, { countdown: "1m" });
    expect(await result.get()).toBe(2);
    expect(mock.tasks.first.enqueued[0]?.status).toBe("SUCCESSFUL");
  });

  it("refuses by a TaskError, which the frontend gets, and nothing is enqueued", async () => {
    server.use(
      mock.tasks.second.enqueue(() => {
        throw new TaskError({ code: "FORBIDDEN", message: "Not you.", data: { reason: "plan" } });
      }),
    );
    await expect(second.delay({ b: "" })).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: "Not you.",
      httpStatus: 403,
      data: { reason: "plan" },
    });
    expect(mock.enqueued).toEqual([]);
  });

  it("refuses by tRPC's error as middleware would", async () => {
    server.use(
      mock.tasks.second.delay(() => {
        throw new TRPCError({ code: "UNAUTHORIZED", message: "Sign in first." });
      }),
    );
    await expect(second.delay({ b: "" })).rejects.toMatchObject({
      code: "UNAUTHORIZED",
      message: "Sign in first.",
    });
  });

  it("that has a fault says so to the test, and not to the frontend", async () => {
    const said = vi.spyOn(console, "error").mockImplementation(() => {});
    const fault = new TypeError("secret");
    server.use(
      mock.tasks.second.delay(() => {
        throw fault;
      }),
    );
    const error = await second.delay({ b: "" }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "INTERNAL_ERROR",
      message: "It went wrong; the server's log says why.",
    });
    expect(JSON.stringify(error)).not.toContain("secret");
    expect(said.mock.calls).toEqual([[expect.stringContaining("The mock of second threw"), fault]]);
    said.mockRestore();
  });

  it("of a store that is away lets the client try again", async () => {
    let calls = 0;
    server.use(
      mock.tasks.inner.tick.delay(() => {
        if (++calls === 1) throw new TaskError({ code: "BACKEND_UNAVAILABLE", message: "db7 is down" });
      }),
    );
    const patient = createTaskClient<typeof tasks>({ url, retries: 1 });
    await patient.tasks.inner.tick.delay();
    expect([calls, mock.enqueued.length]).toEqual([2, 1]);
  });

  it("is called once per input of a list, of which all or none are enqueued", async () => {
    server.use(
      mock.tasks.first.enqueueMany(({ input, task }) => {
        if (input.a > 2) throw new TaskError({ code: "FORBIDDEN", message: "Too many." });
        task.succeed(input.a * 10);
      }),
    );
    const results = await first.enqueueMany([{ a: 1 }, { a: 2 }]);
    expect(await Promise.all(results.map((result) => result.get()))).toEqual([10, 20]);
    await expect(first.enqueueMany([{ a: 1 }, { a: 3 }])).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(mock.enqueued).toHaveLength(2);
  });

  it("is forgotten by resetHandlers(), as msw's own", async () => {
    server.use(mock.tasks.first.delay(({ task }) => task.succeed(1)));
    server.resetHandlers();
    expect(await (await first.delay({ a: 1 })).status()).toBe("READY");
  });

  it("that comes last wins", async () => {
    server.use(mock.tasks.first.delay(({ task }) => task.succeed(1)));
    server.use(mock.tasks.first.delay(({ task }) => task.succeed(2)));
    expect(await (await first.delay({ a: 1 })).get()).toBe(2);
  });

  it("that is for once holds for one input, even where several come in one request", async () => {
    server.use(mock.tasks.first.delay(({ task }) => task.succeed(1)));
    server.use(mock.tasks.first.delay(({ task }) => task.fail(), { once: true }));
    const results = await Promise.all([first.delay({ a: 1 }), first.delay({ a: 2 })]);
    results.push(await first.delay({ a: 3 }));
    const statuses = await Promise.all(results.map((result) => result.status()));
    expect(statuses).toEqual(["FAILED", "SUCCESSFUL", "SUCCESSFUL"]);
    expect(requests.filter((path) => path.includes("first"))).toEqual([
      "/api/trpc/tasks.first.enqueue,tasks.first.enqueue",
      "/api/trpc/tasks.first.enqueue",
    ]);
  });

  it("that is for once stays for the next request where another one was asked", async () => {
    server.use(mock.tasks.first.delay(({ task }) => task.succeed(1), { once: true }));
    server.use(mock.tasks.first.delay(({ task }) => task.succeed(2), { once: true }));
    const outputs = [await (await first.delay({ a: 1 })).get(), await (await first.delay({ a: 2 })).get()];
    expect(outputs).toEqual([2, 1]);
    expect(await (await first.delay({ a: 3 })).status()).toBe("READY");
  });

  it("whose enqueue a reset overtakes leaves nothing behind", async () => {
    let asked = () => {};
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    let goOn = () => {};
    const mayGoOn = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    server.use(
      mock.tasks.first.delay(() => {
        asked();
        return mayGoOn;
      }),
    );
    const enqueuing = first.delay({ a: 1 });
    await isAsked;
    mock.reset();
    goOn();
    await expect(enqueuing).rejects.toMatchObject({ code: "ABORTED" });
    expect(mock.enqueued).toEqual([]);
  });

  it("has to be one", () => {
    expect(() => mock.tasks.first.delay({ output: 1 } as never)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
    expect(() => mock.tasks.first.delay(() => {}, { one: true } as never)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringContaining('"once"') }),
    );
  });
});

describe("a batch of several tasks", () => {
  const both = () => {
    server.use(
      mock.tasks.first.delay(({ task }) => task.succeed(1)),
      mock.tasks.second.delay(() => {
        throw new TaskError({ code: "FORBIDDEN", message: "Not you." });
      }),
    );
  };

  it("has the function of each", async () => {
    both();
    const [one, two, three] = await Promise.allSettled([
      first.delay({ a: 1 }),
      second.delay({ b: "" }),
      inner.tick.delay(),
    ]);
    expect(requests).toHaveLength(1);
    expect(one.status === "fulfilled" && (await one.value.get())).toBe(1);
    expect(two).toMatchObject({ status: "rejected", reason: { code: "FORBIDDEN" } });
    expect(three.status).toBe("fulfilled");
  });

  it.each([
    ["httpBatchLink", httpBatchLink],
    ["httpBatchStreamLink", httpBatchStreamLink],
  ])("works by %s of tRPC's own client, and by all procedures of a task", async (_, link) => {
    both();
    // biome-ignore lint/suspicious/noExplicitAny: the type of a server's router is not to be had here
    const trpc: any = createTRPCClient<any>({ links: [link({ url })] });
    const calls = await Promise.allSettled([
      trpc.tasks.first.delay.mutate({ a: 1 }),
      trpc.tasks.first.applyAsync.mutate({ input: { a: 2 } }),
      trpc.tasks.first.enqueueMany.mutate({ inputs: [{ a: 3 }, { a: 4 }] }),
      trpc.tasks.second.delay.mutate({ b: "" }),
    ]);
    expect(requests).toHaveLength(1);
    expect(calls.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected"]);
    expect(mock.tasks.first.enqueued.map(({ input, method, status }) => [input.a, method, status])).toEqual([
      [1, "delay", "SUCCESSFUL"],
      [2, "applyAsync", "SUCCESSFUL"],
      [3, "enqueueMany", "SUCCESSFUL"],
      [4, "enqueueMany", "SUCCESSFUL"],
    ]);
  });
});
