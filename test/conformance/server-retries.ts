import { NonRetryable, RetryAfter } from "@taskwright/server";
import type { Backend } from "@taskwright/server/backend";
import type { AsyncResult } from "@taskwright/shared";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import type { ServerUnderTest } from "./server-under-test.ts";
import { untilAborted } from "./until-aborted.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

function fail(): never {
  throw new TypeError("no luck");
}

export const serverRetriesSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: retries, timeout and expiry",
  rows: ["retries", "timeout"],
  cases: [
    {
      name: "a handler that throws runs again after its delay, until its retries end and onFailed is told once",
      needs: ["leases"],
      run: async (bench) => {
        const failures: string[] = [];
        const starts: number[] = [];
        const server = bench.serve({
          handlers: {
            work: ({ attempt }) => {
              starts.push(bench.host.wallTime());
              expect(attempt.number).toBe(starts.length);
              expect(attempt.isLast).toBe(starts.length === 4);
              return fail();
            },
          },
          onFailed: ({ result, error }) => failures.push(`${result.id} ${error.message}`),
        });
        await bench.work(server);
        const result = await server.client.tasks.work.delay({ n: 1 });
        await bench.host.advance(35 * SECOND);
        const record = await bench.untilStatus(result, "FAILED");
        expect(starts.map((at) => Math.round((at - (starts[0] ?? 0)) / SECOND))).toEqual([0, 10, 20, 30]);
        expect(record.attempts).toBe(4);
        expect(record.errors.map(({ type, attempt }) => [type, attempt])).toEqual(
          [1, 2, 3, 4].map((attempt) => ["EXECUTION_ERROR", attempt]),
        );
        expect(record.errors[0]).toMatchObject({ exceptionClass: "TypeError", message: "no luck" });
        expect(failures).toEqual([`${result.id} no luck`]);
      },
    },
    {
      name: "the built-in backoff draws each wait between nothing and a doubling bound of at most an hour",
      needs: ["leases"],
      run: async (bench) => {
        const server = await bench.run({ patient: fail });
        const apart = (await bench.storeTime()) - bench.host.wallTime();
        const waits: number[] = [];
        server.events.on("retrying", ({ runAfter }) =>
          waits.push(runAfter.getTime() - bench.host.wallTime() - apart),
        );
        const result = await server.client.tasks.patient.delay({ n: 1 });
        await bench.until(() => waits.length === 1);
        for (let retry = 1; retry <= 12; retry++) {
          await bench.host.advance((waits.at(-1) ?? 0) + SECOND);
          await bench.until(() => waits.length > retry || retry === 12);
        }
        await bench.untilStatus(result, "FAILED");
        expect(waits).toHaveLength(12);
        for (const [retry, wait] of waits.entries()) {
          expect(wait).toBeGreaterThanOrEqual(0);
          expect(wait).toBeLessThanOrEqual(Math.min(SECOND * 2 ** retry, HOUR));
        }
        expect(Math.max(...waits)).toBeGreaterThan(SECOND);
      },
    },
    {
      name: "RetryAfter chooses the time of the retry, NonRetryable ends at once",
      needs: ["leases"],
      run: async (bench) => {
        const server = await bench.run({
          work: ({ input, attempt }) => {
            if (attempt.number > 1) return { n: attempt.number };
            throw input.n === 1 ? new RetryAfter("10m") : new NonRetryable("never");
          },
        });
        const [later, never] = await server.client.tasks.work.enqueueMany([{ n: 1 }, { n: 2 }]);
        const ended = await bench.untilStatus(never, "FAILED");
        expect(ended).toMatchObject({ attempts: 1, errors: [{ message: "never" }] });
        await bench.host.advance(10 * MINUTE - 5 * SECOND);
        expect((await later?.refresh())?.status).toBe("READY");
        await bench.host.advance(10 * SECOND);
        expect(await later?.get()).toEqual({ n: 2 });
      },
    },
    {
      name: "whatever a handler throws is stored as its error",
      needs: ["leases"],
      run: async (bench) => {
        const thrown: readonly unknown[] = [
          "a string",
          undefined,
          null,
          7,
          Object.freeze(new Error("frozen")),
          {},
        ];
        const server = await bench.run({
          work: ({ input }) => {
            throw thrown[input.n];
          },
        });
        const once = server.client.tasks.work.using({ maxRetries: 0 });
        const results = await once.enqueueMany(thrown.map((_, n) => ({ n })));
        for (const result of results) {
          const { errors } = await bench.untilStatus(result, "FAILED");
          expect(errors).toHaveLength(1);
          expect(errors[0]?.message).not.toBe("");
        }
        expect((await results[0]?.refresh())?.errors[0]?.message).toBe("a string");
        expect((await results[4]?.refresh())?.errors[0]?.message).toBe("frozen");
      },
    },
    {
      name: "a delayed task runs at its time and not before",
      needs: ["leases"],
      run: async (bench) => {
        const starts: number[] = [];
        const server = await bench.run({ silent: () => void starts.push(bench.host.wallTime()) });
        const begin = bench.host.wallTime();
        await server.client.tasks.silent.enqueue(undefined, { countdown: "90s" });
        await server.client.tasks.silent.enqueue(undefined, {
          eta: new Date((await bench.storeTime()) + 10 * SECOND),
        });
        await bench.host.advance(9 * SECOND);
        expect(starts).toEqual([]);
        await bench.host.advance(2 * MINUTE);
        expect(starts.map((at) => at - begin >= 10 * SECOND)).toEqual([true, true]);
        expect(starts.map((at) => Math.floor((at - begin) / SECOND))).toEqual([10, 90]);
      },
    },
    {
      name: "a handler that runs into its timeout is told to stop, and retried as TIMEOUT",
      needs: ["leases"],
      run: async (bench) => {
        const server = await bench.run({
          slow: ({ signal, attempt }) => (attempt.number > 1 ? undefined : untilAborted(signal)),
        });
        const result = await server.client.tasks.slow.delay({ n: 1 });
        // The clock moves once it has begun: a worker far from its store takes a while to hear of it.
        await bench.untilStatus(result, "RUNNING");
        await bench.host.settle();
        await bench.host.advance(59 * SECOND);
        expect((await result.refresh()).status).toBe("RUNNING");
        await bench.host.advance(2 * SECOND);
        const retried = await bench.untilStatus(result, "READY");
        expect(retried.errors.map(({ type }) => type)).toEqual(["TIMEOUT"]);
        await bench.host.advance(12 * SECOND);
        expect(await result.get()).toBeUndefined();
      },
    },
    {
      name: "a handler that ignores its timeout loses its slot five seconds later, and its late return is refused",
      needs: ["leases"],
      run: async (bench) => {
        const late = Promise.withResolvers<void>();
        const server = await bench.run({ slow: () => late.promise }, { concurrency: 1 });
        const stuck = await server.client.tasks.slow.enqueue({ n: 1 }, { maxRetries: 0 });
        const next = await server.client.tasks.work.delay({ n: 2 });
        await bench.host.advance(64 * SECOND);
        expect(await next.status()).toBe("READY");
        await bench.host.advance(2 * SECOND);
        const ended = await bench.untilStatus(stuck, "FAILED");
        expect(ended.errors.map(({ type }) => type)).toEqual(["TIMEOUT"]);
        expect(await next.get()).toEqual({ n: 2 });
        late.resolve();
        await bench.host.settle();
        expect((await stuck.refresh()).status).toBe("FAILED");
      },
    },
    {
      name: "a task that is not started in time fails as EXPIRED without a call of its handler",
      needs: ["leases", "maintenance"],
      run: async (bench) => {
        let calls = 0;
        const failures: string[] = [];
        const server = bench.serve({
          handlers: { work: ({ input }) => ({ n: input.n + calls++ }) },
          onFailed: ({ error }) => failures.push(error.type),
        });
        const [late, swept] = await server.client.tasks.work
          .using({ expires: "1m" })
          .enqueueMany([{ n: 1 }, { n: 2 }]);
        await bench.host.advance(MINUTE);
        await server.executor.sweep();
        for (const result of [late, swept]) {
          const ended = await bench.untilStatus(result, "FAILED");
          expect(ended).toMatchObject({
            attempts: 0,
            startedAt: null,
            errors: [{ type: "EXPIRED", attempt: 0 }],
          });
        }
        const claimedLate = await server.client.tasks.work.enqueue({ n: 3 }, { expires: "1m" });
        await bench.host.advance(MINUTE);
        await bench.work(server);
        await bench.untilStatus(claimedLate, "FAILED");
        expect(calls).toBe(0);
        expect(failures).toEqual(["EXPIRED", "EXPIRED", "EXPIRED"]);
      },
    },
    {
      name: "a task that was started in time is retried although its expiry has passed",
      needs: ["leases"],
      run: async (bench) => {
        const server = await bench.run({
          work: ({ input, attempt }) => (attempt.number === 1 ? fail() : { n: input.n }),
        });
        const result = await server.client.tasks.work.enqueue({ n: 5 }, { expires: "5s" });
        await bench.host.advance(12 * SECOND);
        expect(await result.get()).toEqual({ n: 5 });
      },
    },
    {
      name: "one whose stored policy cannot be read ends FAILED, and its worker goes on",
      needs: ["leases"],
      run: async (bench) => {
        const { store } = bench.store.backend;
        let policy: string | null = null;
        const altered: Backend = {
          ...bench.backend,
          store: {
            ...store,
            enqueue: (request) =>
              store.enqueue({ ...request, tasks: request.tasks.map((task) => ({ ...task, policy })) }),
          },
        };
        const server = bench.serve({ others: { altered } });
        const { work } = server.client.tasks;
        const bad: AsyncResult<unknown>[] = [];
        for (policy of ["{", "7", "null", '{"timeoutMs":"soon"}', '{"retryDelayMs":-1}', '{"backoff":{}}'])
          bad.push(await work.enqueue({ n: 1 }, { backend: "altered" }));
        policy = null;
        const good = await work.enqueue({ n: 2 }, { backend: "altered" });
        await bench.work(server, { backend: "altered" });
        await bench.untilStatus(good, "SUCCESSFUL");
        for (const result of bad) {
          expect(await bench.untilStatus(result, "FAILED")).toMatchObject({
            attempts: 0,
            errors: [
              {
                type: "INTERNAL_ERROR",
                message: expect.stringContaining("timeout and retries cannot be read"),
              },
            ],
          });
        }
      },
    },
  ],
};
