import { createTaskServer, type Handlers, type TaskServer } from "@taskwright/server";
import type { Backend } from "@taskwright/server/backend";
import { initTasks } from "@taskwright/shared";
import { expect } from "vitest";
import { z } from "zod";
import { withCallers } from "./callers.ts";
import type { ConformanceSection } from "./conformance-case.ts";
import type { ServerUnderTest } from "./server-under-test.ts";
import { untilAborted } from "./until-aborted.ts";

const NEEDS = ["transactions.runAttempt", "callers", "leases"] as const;

const t = initTasks.create();
const ledger = t.router({
  post: t.task
    .input(z.object({ line: z.string() }))
    .output(z.object({ line: z.string() }))
    .options({ transaction: true, retryDelay: "10s", lease: "3s", timeout: "1m" }),
  note: t.task.input(z.object({ line: z.string() })),
});
type Ledger = typeof ledger;
type LedgerHandlers = Handlers<Ledger["~router"], object, Ledger, unknown>;

function serve(bench: ServerUnderTest, handlers: Partial<LedgerHandlers>): TaskServer<Ledger> {
  return createTaskServer({
    tasks: ledger,
    backend: bench.backend as Backend<unknown>,
    handlers: { post: ({ input }) => input, note: () => {}, ...handlers },
    logger: bench.logger(),
    host: bench.host,
  });
}

async function run(bench: ServerUnderTest, handlers: Partial<LedgerHandlers>): Promise<TaskServer<Ledger>> {
  const server = serve(bench, handlers);
  await bench.work(server);
  return server;
}

/** A promise, and what resolves it. */
function signal(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

export const serverTransactionHandlersSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: handlers that run in a transaction",
  rows: ["delivery", "retries", "cancel"],
  cases: [
    {
      name: "a handler's writes and its completion commit together",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ write, lines }) => {
          const returning = signal();
          const events: string[] = [];
          const server = await run(bench, {
            post: async ({ tx, input }) => {
              await write(tx, input.line);
              await returning.promise;
              return { line: `${input.line}!` };
            },
          });
          for (const name of ["started", "succeeded", "finished"] as const)
            server.events.on(name, () => events.push(name));
          const result = await server.client.tasks.post.delay({ line: "a" });
          await bench.untilStatus(result, "RUNNING");
          expect(await lines()).toEqual([]);
          returning.resolve();
          expect(await result.get()).toEqual({ line: "a!" });
          expect(await lines()).toEqual(["a"]);
          expect((await result.refresh()).attempts).toBe(1);
          await bench.until(() => events.length === 3);
          expect(events).toEqual(["started", "succeeded", "finished"]);
        }),
    },
    {
      name: "what a handler wrote before it threw is rolled back, and its retry begins anew",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ write, lines }) => {
          const server = await run(bench, {
            post: async ({ tx, input, attempt }) => {
              await write(tx, `${input.line} ${attempt.number}`);
              if (attempt.number === 1) throw new TypeError("no luck");
              return input;
            },
          });
          const result = await server.client.tasks.post.delay({ line: "a" });
          await bench.until(async () => (await result.refresh()).errors.length === 1);
          expect(await lines()).toEqual([]);
          await bench.host.advance(15_000);
          const record = await bench.untilStatus(result, "SUCCESSFUL");
          expect(await lines()).toEqual(["a 2"]);
          expect(record.errors).toMatchObject([{ type: "EXECUTION_ERROR", exceptionClass: "TypeError" }]);
        }),
    },
    {
      name: "an output that does not fit its schema rolls back what its handler wrote",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ write, lines }) => {
          const server = await run(bench, {
            post: async ({ tx, input }) => {
              await write(tx, input.line);
              return { line: 7 } as never;
            },
          });
          const result = await server.client.tasks.post.delay({ line: "a" });
          const { errors } = await bench.untilStatus(result, "FAILED");
          expect(errors).toMatchObject([{ type: "PAYLOAD_ERROR" }]);
          expect(await lines()).toEqual([]);
        }),
    },
    {
      name: "tasks that a handler enqueues in its transaction are there with its completion, or never",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ lines }) => {
          const children: string[] = [];
          const server = await run(bench, {
            post: async ({ tx, client, input, attempt }) => {
              const child = await client.withTransaction(tx as never).tasks.note.delay(input);
              children.push(child.id);
              if (attempt.number === 1) throw new Error("no luck");
              return input;
            },
          });
          const result = await server.client.tasks.post.delay({ line: "a" });
          await bench.until(async () => (await result.refresh()).errors.length === 1);
          await bench.host.advance(15_000);
          await bench.untilStatus(result, "SUCCESSFUL");
          await expect(server.client.results.get(children[0] ?? "")).rejects.toMatchObject({
            code: "RESULT_NOT_FOUND",
          });
          expect(await server.client.results.get(children[1] ?? "")).toMatchObject({ parentId: result.id });
          expect(await lines()).toEqual([]);
        }),
    },
    {
      name: "an attempt that has lost its lease writes nothing, and the one that took over writes once",
      needs: [...NEEDS, "maintenance"],
      run: (bench) =>
        withCallers(bench, async ({ write, lines }) => {
          const first = signal();
          const server = serve(bench, {
            post: async ({ tx, input, attempt }) => {
              await write(tx, `${input.line} ${attempt.number}`);
              if (attempt.number === 1) await first.promise;
              return input;
            },
          });
          const result = await server.client.tasks.post.delay({ line: "a" });
          const renewals = new Error("cut off");
          bench.before.set("leases.renew", () => Promise.reject(renewals));
          await bench.work(server);
          await bench.untilStatus(result, "RUNNING");
          // Its lease ends, and a sweep gives it back.
          await bench.host.advance(40_000);
          await bench.untilStatus(result, "SUCCESSFUL");
          first.resolve();
          await bench.host.advance(5_000);
          expect(await lines()).toEqual(["a 2"]);
          expect((await result.refresh()).attempts).toBe(2);
        }),
    },
    {
      name: "a handler that runs longer than its lease is renewed meanwhile, and commits",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ write, lines }) => {
          const returning = signal();
          const server = await run(bench, {
            post: async ({ tx, input }) => {
              await write(tx, input.line);
              await returning.promise;
              return input;
            },
          });
          const result = await server.client.tasks.post.delay({ line: "a" });
          await bench.untilStatus(result, "RUNNING");
          await bench.host.advance(20_000);
          expect((await result.refresh()).attempts).toBe(1);
          returning.resolve();
          await bench.untilStatus(result, "SUCCESSFUL");
          expect(await lines()).toEqual(["a"]);
        }),
    },
    {
      name: "a cancelled handler that throws has written nothing, and one that returns has",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ write, lines }) => {
          const server = await run(bench, {
            post: async ({ tx, input, signal: stop }) => {
              await write(tx, input.line);
              await new Promise<void>((resolve) => stop.addEventListener("abort", () => resolve()));
              if (input.line === "throws") stop.throwIfAborted();
              return input;
            },
          });
          for (const line of ["returns", "throws"]) {
            const result = await server.client.tasks.post.delay({ line });
            await bench.untilStatus(result, "RUNNING");
            expect(await result.cancel()).toBe("requested");
            await bench.host.advance(2_000);
            await bench.untilStatus(result, line === "throws" ? "CANCELLED" : "SUCCESSFUL");
          }
          expect(await lines()).toEqual(["returns"]);
        }),
    },
    {
      name: "a handler that stops for its timeout is rolled back as TIMEOUT",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ write, lines }) => {
          const server = await run(bench, {
            post: async ({ tx, input, signal: stop, attempt }) => {
              await write(tx, `${input.line} ${attempt.number}`);
              if (attempt.number === 1) await untilAborted(stop);
              return input;
            },
          });
          const result = await server.client.tasks.post.delay({ line: "a" });
          await bench.untilStatus(result, "RUNNING");
          await bench.host.advance(61_000);
          await bench.until(async () => (await result.refresh()).errors.length === 1);
          await bench.host.advance(15_000);
          const { errors } = await bench.untilStatus(result, "SUCCESSFUL");
          expect(errors).toMatchObject([{ type: "TIMEOUT" }]);
          expect(await lines()).toEqual(["a 2"]);
        }),
    },
    {
      name: "server.run runs a handler in a transaction that commits when it returns and rolls back when it throws",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ write, lines }) => {
          const server = serve(bench, {
            post: async ({ tx, input }) => {
              await write(tx, input.line);
              if (input.line === "b") throw new RangeError("no luck");
              return input;
            },
          });
          expect(await server.run.post({ line: "a" })).toEqual({ line: "a" });
          await expect(server.run.post({ line: "b" })).rejects.toBeInstanceOf(RangeError);
          expect(await lines()).toEqual(["a"]);
        }),
    },
    {
      name: "a commit whose answer is lost is told as the success that it was",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ write, lines }) => {
          const { transactions } = bench.backend;
          const runAttempt = transactions?.runAttempt;
          if (transactions === undefined || runAttempt === undefined) throw new Error("no transactions");
          const cut: typeof runAttempt = async (request) => {
            await runAttempt(request);
            throw new Error("the connection was cut");
          };
          const server = createTaskServer({
            tasks: ledger,
            backend: { ...bench.backend, transactions: { ...transactions, runAttempt: cut } },
            handlers: {
              post: async ({ tx, input }) => {
                await write(tx, input.line);
                return input;
              },
              note: () => {},
            },
            logger: bench.logger(),
            host: bench.host,
          });
          const ended: string[] = [];
          server.events.on("succeeded", ({ id }) => ended.push(id));
          server.events.on("retrying", () => ended.push("retrying"));
          server.events.on("leaseLost", () => ended.push("leaseLost"));
          const result = await server.client.tasks.post.delay({ line: "a" });
          await bench.work(server);
          await bench.untilStatus(result, "SUCCESSFUL");
          await bench.until(() => ended.length > 0);
          expect(ended).toEqual([result.id]);
          expect((await result.refresh()).errors).toEqual([]);
          expect(await lines()).toEqual(["a"]);
        }),
    },
  ],
};
