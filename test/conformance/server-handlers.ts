import { type ContextRequest, createTaskServer, implement, type TaskServer } from "@taskwright/server";
import { initTasks, TaskError } from "@taskwright/shared";
import { expect } from "vitest";
import { z } from "zod";
import type { ConformanceSection } from "./conformance-case.ts";
import { type ServerContract, tasks } from "./server-contract.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** What some library's error or proxy might do to whoever looks at it. */
function touchy(): unknown {
  const error = new Error("hidden");
  for (const key of ["name", "message", "stack", "code", "wait"]) {
    Object.defineProperty(error, key, {
      get: () => {
        throw new Error(`${key} is touchy`);
      },
    });
  }
  return error;
}

function untouchable(): unknown {
  const refuse = () => {
    throw new Error("untouchable");
  };
  return new Proxy({}, { get: refuse, has: refuse, getPrototypeOf: refuse, ownKeys: refuse });
}

/** Takes every task from whoever runs it. */
async function sweepAsIfLost(bench: ServerUnderTest): Promise<void> {
  const words = { type: "LEASE_EXPIRED", message: "lost" } as const;
  const now = (await bench.storeTime()) + 60 * MINUTE;
  await bench.backend.maintenance?.sweep({
    maxLostAttempts: 3,
    lost: words,
    poisoned: words,
    expired: words,
    limit: 10,
    now,
  });
}

/** The same tasks with another wire. */
function contractWith(transformer: Parameters<typeof initTasks.create>[0]) {
  const t = initTasks.create(transformer);
  const numbered = z.object({ n: z.int() });
  return t.router({ work: t.task.input(numbered).output(numbered) });
}

/** Not superjson, but as foreign to plain JSON. */
const BOXED = {
  id: "boxed/1",
  serialize: (value: unknown) => ({ boxed: value }),
  deserialize: (value: unknown) => (value as { boxed: unknown }).boxed,
};

export const serverHandlersSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: handlers",
  rows: ["delivery", "lease", "retries", "validation"],
  cases: [
    {
      name: "middleware runs around the handler, the outer first, each with the context of those before",
      needs: ["leases"],
      run: async (bench) => {
        const order: string[] = [];
        const h = implement(tasks)
          .context<{ base: string }>()
          .use(async ({ ctx, next }) => {
            order.push(`outer ${ctx.base}`);
            const result = await next({ ctx: { outer: `${ctx.base}+outer` } });
            order.push("outer ends");
            return result;
          });
        const work = h.work
          .use(async ({ ctx, input, attempt, next }) => {
            order.push(`inner ${ctx.outer} ${JSON.stringify(input)} ${attempt.number}`);
            return next({ ctx: { inner: `${ctx.outer}+inner` } });
          })
          .handler(({ ctx, input }) => {
            order.push(`handler ${ctx.base} ${ctx.outer} ${ctx.inner}`);
            return { n: input.n + 1 };
          });
        const server = createTaskServer({
          logger: false,
          tasks,
          backend: bench.backend,
          createContext: ({ path, attempt }: ContextRequest) => ({ base: `${path}#${attempt}` }),
          only: ["work"],
          handlers: { work },
          host: bench.host,
        });
        await bench.work(server);
        const result = await server.client.tasks.work.delay({ n: 1 });
        expect(await result.get()).toEqual({ n: 2 });
        expect(order).toEqual([
          "outer work#1",
          'inner work#1+outer {"n":1} 1',
          "handler work#1 work#1+outer work#1+outer+inner",
          "outer ends",
        ]);
      },
    },
    {
      name: "middleware that answers itself, calls next twice or forgets its answer ends the attempt accordingly",
      needs: ["leases"],
      run: async (bench) => {
        let calls = 0;
        const h = implement(tasks).use(async ({ input, next }) => {
          const { n } = input as { n: number };
          if (n === 1) return { output: { n: 100 } };
          const result = await next();
          if (n === 2) await next();
          if (n === 3) return undefined as never;
          return result;
        });
        const server = bench.serve({
          handlers: {
            work: h.work.handler(({ input }) => {
              calls++;
              return input;
            }),
          },
        });
        await bench.work(server);
        const once = server.client.tasks.work.using({ maxRetries: 0 });
        const [own, twice, nothing] = await once.enqueueMany([{ n: 1 }, { n: 2 }, { n: 3 }]);
        expect(await own?.get()).toEqual({ n: 100 });
        expect((await bench.untilStatus(twice, "FAILED")).errors[0]?.message).toContain(
          "called next() twice",
        );
        expect((await bench.untilStatus(nothing, "FAILED")).errors[0]?.message).toContain("must return");
        expect(calls).toBe(2);
      },
    },
    {
      name: "a handler that fails after its middleware has given up on it ends nothing but its own attempt",
      needs: ["leases"],
      run: async (bench) => {
        const late = Promise.withResolvers<never>();
        const h = implement(tasks).use(async ({ next }) => {
          void next();
          throw new Error("no patience");
        });
        const server = await bench.run({ work: h.work.handler(() => late.promise) });
        const result = await server.client.tasks.work.enqueue({ n: 1 }, { maxRetries: 0 });
        const { errors } = await bench.untilStatus(result, "FAILED");
        expect(errors[0]?.message).toBe("no patience");
        // Were it nobody's, it would end the process, and this run with it.
        late.reject(new Error("too late"));
        await bench.host.settle();
        expect(await (await server.client.tasks.silent.delay()).get()).toBeUndefined();
      },
    },
    {
      name: "a context that cannot be made is an INTERNAL_ERROR, and the task is tried again",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve({
          createContext: async ({ attempt }) => {
            if (attempt === 1) throw new Error("no connection");
            return {};
          },
        });
        await bench.work(server);
        const result = await server.client.tasks.work.delay({ n: 4 });
        await bench.host.advance(11 * SECOND);
        expect(await result.get()).toEqual({ n: 4 });
        const { errors, attempts } = await result.refresh();
        expect(attempts).toBe(2);
        expect(errors).toMatchObject([{ type: "INTERNAL_ERROR", message: "no connection", attempt: 1 }]);
      },
    },
    {
      name: "errors that resist being looked at, and endless ones, are stored all the same",
      needs: ["leases"],
      run: async (bench) => {
        const thrown = [touchy(), untouchable(), new Error("x".repeat(1_000_000)), "y".repeat(1_000_000)];
        const server = await bench.run({
          work: ({ input }) => {
            throw thrown[input.n];
          },
        });
        const once = server.client.tasks.work.using({ maxRetries: 0 });
        const results = await once.enqueueMany(thrown.map((_, n) => ({ n })));
        for (const result of results) {
          const { errors } = await bench.untilStatus(result, "FAILED");
          expect(errors).toMatchObject([{ type: "EXECUTION_ERROR", attempt: 1 }]);
          expect(errors[0]?.message.length).toBeGreaterThan(0);
          expect(errors[0]?.message.length).toBeLessThan(10_000);
        }
        expect(await (await server.client.tasks.silent.delay()).get()).toBeUndefined();
      },
    },
    {
      name: "an error that resists being looked at is CANCELLED after a cancel like any other",
      needs: ["leases"],
      run: async (bench) => {
        const server = await bench.run({
          slow: ({ signal }) =>
            new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(untouchable()))),
        });
        const result = await server.client.tasks.slow.delay({ n: 1 });
        await bench.untilStatus(result, "RUNNING");
        await result.cancel();
        await bench.host.advance(2 * SECOND);
        await bench.untilStatus(result, "CANCELLED");
      },
    },
    {
      name: "progress that JSON cannot say, or of more than 16 KB, is refused and leaves the last one as it was",
      needs: ["leases"],
      run: async (bench) => {
        const codes: unknown[] = [];
        // JSON would have it 2^40 times, of one array each.
        const shared = Array.from({ length: 40 }).reduce<unknown>((inner) => [inner, inner], 0);
        const server = await bench.run({
          slow: async ({ attempt }) => {
            await attempt.progress({ done: 1 });
            for (const value of [Number.NaN, undefined, new Date(), 10n, "x".repeat(20_000), shared]) {
              await attempt.progress(value).catch((error: { code: string }) => codes.push(error.code));
            }
          },
        });
        const result = await server.client.tasks.slow.delay({ n: 1 });
        await result.get();
        expect(codes).toEqual(Array(6).fill("PAYLOAD_ERROR"));
        expect((await result.refresh()).progress).toEqual({ done: 1 });
      },
    },
    {
      name: "a handler that blocks its process past its lease is warned of, and its return is refused when another has the task",
      needs: ["leases", "maintenance"],
      run: async (bench) => {
        const other = bench.serve();
        const server = bench.serve({
          handlers: {
            slow: async ({ attempt }) => {
              if (attempt.number > 1) return;
              await sweepAsIfLost(bench);
              await other.executor.processOneTask();
              bench.host.block(10 * SECOND);
            },
          },
        });
        const lost: string[] = [];
        server.events.on("leaseLost", ({ id }) => lost.push(id));
        const result = await server.client.tasks.slow.delay({ n: 1 });
        await bench.work(server, { claimInterval: "1h" });
        await bench.host.advance(SECOND);
        const warning = bench.told.find(
          ({ level, message }) => level === "warn" && message.includes("blocked"),
        );
        expect(warning?.facts).toMatchObject({ tasks: ["slow"], blockedMs: 9_000, leaseMs: 3_000 });
        const record = await bench.untilStatus(result, "SUCCESSFUL");
        expect(record).toMatchObject({ attempts: 2, errors: [{ type: "LEASE_EXPIRED" }] });
        expect(lost).toEqual([result.id]);
      },
    },
    {
      name: "what was enqueued before the contract had its transformer runs, and its output is read by old and new",
      needs: ["leases"],
      run: async (bench) => {
        const { backend, host } = bench;
        const handlers = { work: ({ input }: { input: { n: number } }) => ({ n: input.n + 1 }) };
        const plain = createTaskServer({ tasks: contractWith({}), backend, handlers, host, logger: false });
        const boxed = createTaskServer({
          logger: false,
          tasks: contractWith({ transformer: BOXED }),
          backend,
          handlers,
          host,
        });
        const result = await plain.client.tasks.work.delay({ n: 1 });
        await boxed.executor.processTasks();
        expect(await result.get()).toEqual({ n: 2 });
        expect(await boxed.client.tasks.work.result(result.id).get()).toEqual({ n: 2 });
      },
    },
    {
      name: "an input in a codec that the worker lacks fails with the codec's name, and runs once one that has it is there",
      needs: ["leases"],
      run: async (bench) => {
        const { backend, host } = bench;
        let calls = 0;
        const handlers = {
          work: ({ input }: { input: { n: number } }) => ({ n: input.n + ++calls }),
        };
        const plain = createTaskServer({ tasks: contractWith({}), backend, handlers, host, logger: false });
        const boxed = createTaskServer({
          logger: false,
          tasks: contractWith({ transformer: BOXED }),
          backend,
          handlers,
          host,
        });
        const result = await boxed.client.tasks.work.delay({ n: 1 });
        const [failed] = await plain.executor.processTasks();
        expect(failed).toMatchObject({ status: "FAILED", errors: [{ type: "PAYLOAD_ERROR" }] });
        expect(failed?.errors[0]?.message).toMatch(/"boxed\/1".*"json"/);
        expect(calls).toBe(0);
        await boxed.executor.runTaskById(result.id, { allowRetry: true });
        expect(await result.get()).toEqual({ n: 2 });
      },
    },
    {
      name: "run calls the handler here and now, with context, middleware and checks, and stores nothing",
      run: async (bench) => {
        const h = implement(tasks).use(async ({ next }) => {
          const { output } = await next();
          return { output: { n: (output as { n: number }).n * 10 } };
        });
        const server = bench.serve({
          createContext: ({ path }) => ({ path }),
          handlers: {
            work: h.work.handler(({ input, attempt }) => {
              expect(attempt).toMatchObject({ number: 1, isLast: true, path: "work", queue: "default" });
              return input.n === 3 ? ({ n: 0.55 } as never) : { n: input.n };
            }),
            silent: async ({ ctx, attempt }) => {
              expect(ctx).toEqual({ path: "silent" });
              await attempt.progress(0.5);
              await expect(attempt.progress(Number.NaN)).rejects.toMatchObject({ code: "PAYLOAD_ERROR" });
            },
          },
        });
        expect(await server.run.work({ n: 2 })).toEqual({ n: 20 });
        expect(await server.run.silent()).toBeUndefined();
        await expect(server.run.work({ n: "2" as never })).rejects.toMatchObject({ code: "PAYLOAD_ERROR" });
        await expect(server.run.work({ n: 3 })).rejects.toMatchObject({
          code: "PAYLOAD_ERROR",
          data: { side: "output" },
        });
        expect(bench.batches).toEqual([]);
      },
    },
    {
      name: "what a handler enqueues has no parent where the handler is run without a task result",
      run: async (bench) => {
        let childId = "";
        const server: TaskServer<ServerContract> = bench.serve({
          handlers: {
            work: async ({ input, client }) => {
              childId = (await client.tasks.silent.delay()).id;
              return input;
            },
          },
        });
        await server.run.work({ n: 1 });
        expect((await server.client.results.get(childId)).parentId).toBeNull();
      },
    },
    {
      name: "a handler that has returned is not told to stop while its outcome waits for the store",
      needs: ["leases"],
      run: async (bench) => {
        const told: string[] = [];
        const server = await bench.run({
          slow: ({ signal }) => {
            signal.addEventListener("abort", () => told.push((signal.reason as Error).message));
          },
        });
        bench.before.set("leases.settle", () =>
          Promise.reject(new TaskError({ code: "BACKEND_UNAVAILABLE", message: "It is away." })),
        );
        const result = await server.client.tasks.slow.enqueue({ n: 1 }, { timeout: "5s" });
        await bench.host.advance(MINUTE);
        await result.cancel();
        await bench.host.advance(10 * SECOND);
        bench.before.clear();
        await bench.host.advance(10 * SECOND);
        expect(await result.refresh()).toMatchObject({ status: "SUCCESSFUL", attempts: 1, errors: [] });
        expect(told).toEqual([]);
      },
    },
    {
      name: "a handler without a return, a promise that never ends and a long timeout leave no slot taken for ever",
      needs: ["leases"],
      run: async (bench) => {
        const server = await bench.run({ slow: () => new Promise<void>(() => {}) }, { concurrency: 1 });
        const result = await server.client.tasks.slow.enqueue({ n: 1 }, { timeout: "5m", maxRetries: 0 });
        const next = await server.client.tasks.silent.delay();
        await bench.host.advance(5 * MINUTE + 6 * SECOND);
        const { errors } = await bench.untilStatus(result, "FAILED");
        expect(errors).toMatchObject([{ type: "TIMEOUT" }]);
        expect(await next.get()).toBeUndefined();
      },
    },
  ],
};
