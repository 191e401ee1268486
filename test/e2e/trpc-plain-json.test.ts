import { createTaskClient } from "@taskwright/client";
import { createTaskServer } from "@taskwright/server";
import { memoryBackend } from "@taskwright/server/memory";
import { createTaskRouter } from "@taskwright/server/trpc";
import { initTasks } from "@taskwright/shared";
import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink } from "@trpc/client";
import { initTRPC } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import superjson from "superjson";
import { describe, expect, test } from "vitest";
import * as z from "zod";

const t = initTasks.create();
const tasks = t.router({
  measure: t.task.input(
    z.object({
      value: z.number().nullable(),
      more: z.array(z.json()).optional(),
      extra: z.json().optional(),
    }),
  ),
});
const url = "http://tasks.test/trpc";

/** A tRPC server without sockets, and clients of it. */
function served() {
  const server = createTaskServer({
    tasks,
    backend: memoryBackend(),
    logger: false,
    handlers: { measure: () => {} },
  });
  const trpc = initTRPC.create();
  const router = createTaskRouter(trpc, server, { procedure: trpc.procedure, canRead: () => true });
  const fetch = async (input: RequestInfo | URL | string, init?: object) =>
    fetchRequestHandler({ endpoint: "/trpc", req: new Request(input, init), router });
  return {
    stored: async () => (await server.client.results.list()).results.map(({ input }) => input),
    clients: {
      "{ url }": () => createTaskClient<typeof tasks>({ url, fetch }),
      "{ trpc }, httpLink": () =>
        createTaskClient<typeof tasks>({
          trpc: createTRPCClient<typeof router>({ links: [httpLink({ url, fetch })] }),
        }),
      "{ trpc }, httpBatchLink": () =>
        createTaskClient<typeof tasks>({
          trpc: createTRPCClient<typeof router>({ links: [httpBatchLink({ url, fetch })] }),
        }),
      "{ trpc }, httpBatchStreamLink": () =>
        createTaskClient<typeof tasks>({
          trpc: createTRPCClient<typeof router>({ links: [httpBatchStreamLink({ url, fetch })] }),
        }),
    },
  };
}

const loop: Record<string, unknown> = {};
loop.again = loop;

/** What JSON would change or cannot hold, and what is said of it. */
const CHANGED: readonly (readonly [unknown, string])[] = [
  [{ value: Number.NaN }, "measure: input.value is NaN, which JSON turns into null; send what JSON can hold"],
  [{ value: Number.NEGATIVE_INFINITY }, "input.value is -Infinity, which JSON turns into null"],
  [{ value: 1, more: [1, undefined] }, "input.more[1] is of the type undefined, which JSON does not have"],
  // biome-ignore lint/suspicious/noSparseArray: it is what is tried
  [{ value: 1, more: [1, , 2] }, "input.more[1] is of the type undefined, which JSON does not have"],
  [{ value: 1, extra: new Map([[1, 2]]) }, "input.extra is an instance of a class, which JSON does not keep"],
  [{ value: 1, extra: { at: new Date(0) } }, "input.extra.at is an instance of a class"],
  [{ value: 1, extra: { toJSON: () => 1 } }, "input.extra is an instance of a class"],
  [{ value: 1, extra: () => 1 }, "input.extra is of the type function"],
  [{ value: 1, extra: 10n }, "input.extra is of the type bigint"],
  [{ value: 1, extra: loop }, "input is nested without an end"],
];

describe.each(Object.keys(served().clients) as (keyof ReturnType<typeof served>["clients"])[])(
  "by %s",
  (by) => {
    test.each(CHANGED)("%s is refused, and nothing is stored", async (input, message) => {
      const { clients, stored } = served();
      const { measure } = clients[by]().tasks;
      await expect(measure.delay(input as { value: 1 })).rejects.toMatchObject({
        code: "PAYLOAD_ERROR",
        message: expect.stringContaining(message),
        data: { task: "measure", side: "input", issues: [{ code: "not_json_safe" }] },
      });
      expect(await stored()).toEqual([]);
    });

    test("other calls of the same request pass", async () => {
      const { clients, stored } = served();
      const { measure } = clients[by]().tasks;
      const [good, bad] = await Promise.allSettled([
        measure.delay({ value: 1, more: ["a", null, { b: [], toJSON: 1 }] }),
        measure.delay({ value: Number.NaN }),
      ]);
      expect([good.status, bad.status]).toEqual(["fulfilled", "rejected"]);
      expect(await stored()).toEqual([{ value: 1, more: ["a", null, { b: [], toJSON: 1 }] }]);
    });

    test("of many it is told which one, and none is stored", async () => {
      const { clients, stored } = served();
      const { measure } = clients[by]().tasks;
      await expect(measure.enqueueMany([{ value: 1 }, { value: Number.NaN }])).rejects.toMatchObject({
        message: expect.stringContaining("[1] measure: input.value is NaN"),
        data: { index: 1, issues: [{ path: ["value"] }] },
      });
      expect(await stored()).toEqual([]);
    });
  },
);

test("what is no list of inputs is refused by the server, in its words", async () => {
  const { measure } = served().clients["{ url }"]().tasks;
  await expect(measure.enqueueMany({ value: 1 } as never)).rejects.toMatchObject({
    code: "INVALID_OPTION",
    message: expect.stringContaining("takes an array"),
  });
});

test("with a transformer values are as it carries them", async () => {
  const rich = initTasks.create({ transformer: superjson });
  const richTasks = rich.router({ keep: rich.task.input(z.object({ at: z.date(), n: z.nan() })) });
  const server = createTaskServer({
    tasks: richTasks,
    backend: memoryBackend(),
    logger: false,
    handlers: { keep: () => {} },
  });
  const trpc = initTRPC.create({ transformer: superjson });
  const router = createTaskRouter(trpc, server, { procedure: trpc.procedure });
  const fetch = async (input: RequestInfo | URL | string, init?: object) =>
    fetchRequestHandler({ endpoint: "/trpc", req: new Request(input, init), router });
  const input = { at: new Date(0), n: Number.NaN };
  await createTaskClient<typeof richTasks>({ url, fetch, transformer: superjson }).tasks.keep.delay(input);
  const links = [httpBatchLink({ url, fetch, transformer: superjson })];
  await createTaskClient<typeof richTasks>({
    trpc: createTRPCClient<typeof router>({ links }),
  }).tasks.keep.delay(input);
  const { results } = await server.client.results.list();
  expect(results.map((result) => result.input)).toEqual([input, input]);
});

test("an output that an older contract has stored is refused where it does not fit, and not passed on as it is", async () => {
  const backend = memoryBackend();
  const old = initTasks.create();
  const oldTasks = old.router({ build: old.task.output(z.object({ url: z.string() })) });
  const before = createTaskServer({
    tasks: oldTasks,
    backend,
    handlers: { build: () => ({ url: "https://a.example" }) },
  });
  const { id } = await before.client.tasks.build.delay();
  await before.executor.processOneTask();

  const newTasks = t.router({ build: t.task.output(z.object({ href: z.string() })) });
  const server = createTaskServer({
    tasks: newTasks,
    backend,
    handlers: { build: () => ({ href: "https://a.example" }) },
  });
  const trpc = initTRPC.create();
  const router = createTaskRouter(trpc, server, { procedure: trpc.procedure, canRead: () => true });
  const client = createTaskClient<typeof newTasks>({
    url,
    fetch: async (input, init) =>
      fetchRequestHandler({ endpoint: "/trpc", req: new Request(input, init), router }),
  });
  await expect(client.tasks.build.result(id).get()).rejects.toMatchObject({
    code: "PAYLOAD_ERROR",
    message: expect.stringContaining("output.href"),
  });
});
