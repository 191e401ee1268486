import { createTaskRouter } from "@taskwright/server/trpc";
import { initTRPC } from "@trpc/server";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

const t = initTRPC.context<{ readonly user: string }>().create();
const KEY = "a-key-that-was-drawn-at-random";
const SOME = 20;

type Served = ReturnType<ServerUnderTest["serve"]>;

/** What a user may call over tRPC. */
function callerOf(server: Served, user = "ada") {
  const router = createTaskRouter(t, server, {
    procedure: t.procedure,
    allowOptions: ["countdown", "deduplicationId"],
    scope: (ctx) => ctx.user,
    canRead: () => true,
  });
  return router.createCaller({ user });
}

async function countOf(server: Served): Promise<number> {
  return (await server.client.results.list({ limit: 100 })).results.length;
}

export const serverRequestKeysSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: calls over tRPC that are repeated",
  rows: ["dedup", "durable"],
  cases: [
    {
      name: "a repeated call with its requestKey gives the same id, and one task result is stored",
      needs: ["results", "inspector"],
      run: async (bench) => {
        const server = bench.serve();
        const call = { input: { n: 1 }, requestKey: KEY };
        const first = await callerOf(server).tasks.work.enqueue(call);
        await bench.host.advance(1_000);
        // After a deploy, too.
        const again = await callerOf(bench.serve()).tasks.work.enqueue(call);
        expect(again).toEqual({ id: first.id, deduplicated: false, status: "READY" });
        expect(await server.client.results.get(first.id)).toMatchObject({ path: "work", input: { n: 1 } });
        expect(await countOf(server)).toBe(1);
      },
    },
    {
      name: "calls with one requestKey at the same time store one task result",
      needs: ["results", "inspector"],
      run: async (bench) => {
        const [one, other] = [bench.serve(), bench.serve()];
        const answers = await Promise.all(
          Array.from({ length: SOME }, (_, index) =>
            callerOf(index % 2 === 0 ? one : other).tasks.work.enqueue({ input: { n: 1 }, requestKey: KEY }),
          ),
        );
        expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
        expect(await countOf(one)).toBe(1);
      },
    },
    {
      name: "a requestKey that was used for another input, or later time, is refused or changes nothing",
      needs: ["results", "inspector"],
      run: async (bench) => {
        const server = bench.serve();
        const { work } = callerOf(server).tasks;
        const { id } = await work.enqueue({ input: { n: 1 }, requestKey: KEY });
        await expect(work.enqueue({ input: { n: 2 }, requestKey: KEY })).rejects.toMatchObject({
          code: "CONFLICT",
          cause: { code: "REQUEST_CONFLICT" },
        });
        const { runAfter } = await server.client.results.get(id);
        await work.enqueue({ input: { n: 1 }, options: { countdown: "1h" }, requestKey: KEY });
        expect(await server.client.results.get(id)).toMatchObject({ runAfter, input: { n: 1 } });
        expect(await countOf(server)).toBe(1);
      },
    },
    {
      name: "one requestKey of two users, or for two tasks, is two keys",
      needs: ["results", "inspector"],
      run: async (bench) => {
        const server = bench.serve();
        const call = { input: { n: 1 }, requestKey: KEY };
        const ids = [
          await callerOf(server, "ada").tasks.work.enqueue(call),
          await callerOf(server, "bob").tasks.work.enqueue(call),
          await callerOf(server, "ada").tasks.mail.send.enqueue(call),
        ].map(({ id }) => id);
        expect(new Set(ids).size).toBe(3);
        expect(await countOf(server)).toBe(3);
      },
    },
    {
      name: "many that are enqueued again with their requestKey are stored once each, in their order",
      needs: ["results", "inspector"],
      run: async (bench) => {
        const server = bench.serve();
        const { work } = callerOf(server).tasks;
        const call = { inputs: Array.from({ length: SOME }, (_, n) => ({ n })), requestKey: KEY };
        const ids = (await work.enqueueMany(call)).map(({ id }) => id);
        expect((await work.enqueueMany(call)).map(({ id }) => id)).toEqual(ids);
        expect(new Set(ids).size).toBe(SOME);
        const inputs = await Promise.all(ids.map(async (id) => (await server.client.results.get(id)).input));
        expect(inputs).toEqual(call.inputs);
        expect(await countOf(server)).toBe(SOME);
      },
    },
    {
      name: "a requestKey beside a deduplicationId: the same call gives its id, another call the one before it",
      needs: ["results", "inspector"],
      run: async (bench) => {
        const server = bench.serve();
        const { work } = callerOf(server).tasks;
        const call = { input: { n: 1 }, options: { deduplicationId: "one" }, requestKey: KEY };
        const { id } = await work.enqueue(call);
        expect(await work.enqueue(call)).toMatchObject({ id });
        expect(await work.enqueue({ ...call, requestKey: `${KEY}-2` })).toMatchObject({
          id,
          deduplicated: true,
        });
        expect(await countOf(server)).toBe(1);
      },
    },
    {
      name: "a call that is repeated after its task has run does not run it again",
      needs: ["results", "inspector", "leases"],
      run: async (bench) => {
        let runs = 0;
        const server = bench.serve({ handlers: { work: ({ input }) => ({ n: input.n + ++runs }) } });
        const { work } = callerOf(server).tasks;
        const { id } = await work.enqueue({ input: { n: 1 }, requestKey: KEY });
        await server.executor.processTasks();
        await bench.host.advance(1_000);
        expect(await work.enqueue({ input: { n: 1 }, requestKey: KEY })).toEqual({
          id,
          deduplicated: false,
          status: "SUCCESSFUL",
        });
        expect(await server.executor.processTasks()).toEqual([]);
        expect(runs).toBe(1);
      },
    },
  ],
};
