import { NonRetryable, RetryAfter } from "@taskwright/server";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import type { DeliveryBench } from "./delivery-bench.ts";
import { NotingTracing } from "./noting-tracing.ts";
import { untilAborted } from "./until-aborted.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function fail(): never {
  throw new TypeError("no luck");
}

export const serverDeliveryRetriesSection: ConformanceSection<DeliveryBench> = {
  title: "servers: tasks that are delivered again",
  rows: ["delivery", "retries"],
  cases: [
    {
      name: "a handler that throws runs again at the times of its policy, until its retries end and onFailed is told once",
      needs: ["delivery"],
      run: async (bench) => {
        const starts: number[] = [];
        const failures: string[] = [];
        const server = bench.deploy({
          handlers: {
            work: ({ attempt }) => {
              starts.push(bench.host.wallTime());
              expect(attempt.number).toBe(starts.length);
              return fail();
            },
          },
          onFailed: ({ result, error }) => failures.push(`${result.id} ${error.message}`),
        });
        const result = await server.client.tasks.work.delay({ n: 1 });
        await bench.advance(45 * SECOND);
        expect(starts.map((at) => Math.round((at - (starts[0] ?? 0)) / (10 * SECOND)))).toEqual([0, 1, 2, 3]);
        expect(await result.refresh()).toMatchObject({ status: "FAILED", attempts: 4 });
        expect(failures).toEqual([`${result.id} no luck`]);
        expect(bench.answers.map(({ status, isNonRetryable }) => [status, isNonRetryable])).toEqual([
          [503, false],
          [503, false],
          [503, false],
          [489, true],
          // QStash tells that it has given up, which changes nothing.
          [200, false],
        ]);
        expect(bench.local.qstash.dlq().map(({ status }) => status)).toEqual([489]);
        expect(bench.local.qstash.messages()).toEqual([]);
      },
    },
    {
      name: "a task with more retries than a message has gets them all, by further messages",
      needs: ["delivery"],
      run: async (bench) => {
        let calls = 0;
        const server = bench.deploy({
          handlers: {
            work: ({ input }) => {
              calls++;
              return input.n === calls ? input : fail();
            },
          },
        });
        const result = await server.client.tasks.work.enqueue({ n: 11 }, { maxRetries: 11 });
        await bench.advance(3 * MINUTE);
        expect(await result.refresh()).toMatchObject({ status: "SUCCESSFUL", attempts: 11 });
        expect(calls).toBe(11);
        expect(bench.local.qstash.dlq()).toEqual([]);
      },
    },
    {
      name: "what an enqueue's context says travels with its messages, and reaches every attempt",
      needs: ["delivery"],
      run: async (bench) => {
        const tracing = new NotingTracing();
        const server = bench.deploy({
          tracing,
          handlers: {
            work: ({ input, attempt }) => {
              expect(tracing.active).toBe(`attempt ${attempt.number} of work`);
              return attempt.number > input.n ? input : fail();
            },
          },
        });
        const inputs = [{ n: 0 }, { n: 0 }];
        // More than one message has deliveries for, so that it is sent anew.
        await server.client.tasks.work.enqueue({ n: 9 }, { maxRetries: 10, timeout: "50s" });
        await server.client.tasks.work.enqueueMany(inputs);
        await bench.advance(2 * MINUTE);
        const seen = (name: string) => tracing.attempts.filter(({ of }) => of === name);
        expect(seen("enqueue 1").map(({ number, outcome }) => [number, outcome])).toEqual([
          ...Array.from({ length: 9 }, (_, index) => [index + 1, "retrying"]),
          [10, "succeeded"],
        ]);
        expect(seen("enqueue 2")).toMatchObject(inputs.map(() => ({ number: 1, isOneOfMany: true })));
        expect(tracing.attempts).toHaveLength(12);
      },
    },
    {
      name: "RetryAfter chooses the time of the retry, even days away, and NonRetryable ends at once",
      needs: ["delivery"],
      run: async (bench) => {
        const server = bench.deploy({
          handlers: {
            work: ({ input, attempt }) => {
              if (attempt.number > 1) return { n: attempt.number };
              throw input.n === 1
                ? new RetryAfter("10m")
                : input.n === 2
                  ? new RetryAfter("3d")
                  : new NonRetryable("never");
            },
          },
        });
        const [soon, late, never] = await server.client.tasks.work.enqueueMany([
          { n: 1 },
          { n: 2 },
          { n: 3 },
        ]);
        await bench.settle();
        expect(await never?.refresh()).toMatchObject({
          status: "FAILED",
          attempts: 1,
          errors: [{ message: "never" }],
        });
        expect(bench.answers.map(({ status }) => status).sort()).toEqual([200, 200, 489, 503]);
        await bench.advance(9 * MINUTE, 10 * SECOND);
        expect(await soon?.status()).toBe("READY");
        await bench.advance(2 * MINUTE, 10 * SECOND);
        expect(await soon?.get()).toEqual({ n: 2 });
        await bench.advance(2 * DAY, HOUR);
        expect(await late?.status()).toBe("READY");
        await bench.advance(DAY + HOUR, HOUR);
        expect(await late?.get()).toEqual({ n: 2 });
      },
    },
    {
      name: "one that is reset for a retry is delivered again, each time, however soon",
      needs: ["delivery"],
      run: async (bench) => {
        let isLucky = false;
        const server = bench.deploy({ handlers: { work: ({ input }) => (isLucky ? input : fail()) } });
        const { client, executor } = server;
        const result = await client.tasks.work.enqueue({ n: 7 }, { maxRetries: 0 });
        await bench.settle();
        for (const attempts of [2, 3]) {
          await executor.resetTaskForRetry(result.id);
          await bench.settle();
          expect(await result.refresh()).toMatchObject({ status: "FAILED", attempts });
        }
        const never = await client.tasks.work.enqueue({ n: 8 }, { countdown: "1m" });
        for (let round = 0; round < 3; round++) {
          await never.cancel();
          isLucky = round === 2;
          if (isLucky) break;
          bench.local.platform = () => new Response(null, { status: 500 });
          await executor.resetTaskForRetry(never.id);
          await bench.settle();
        }
        const fresh = bench.deploy({ handlers: { work: ({ input }) => input } });
        await fresh.executor.resetTaskForRetry(never.id);
        await bench.settle();
        expect(await never.refresh()).toMatchObject({ status: "SUCCESSFUL", attempts: 1 });
        await fresh.executor.resetTaskForRetry(result.id);
        await bench.settle();
        expect(await result.refresh()).toMatchObject({ status: "SUCCESSFUL", attempts: 4 });
      },
    },
    {
      name: "a handler runs no longer than its host's requests, and is retried",
      needs: ["delivery"],
      run: async (bench) => {
        const remaining: (number | null)[] = [];
        const server = bench.deploy({
          webhook: { maxDuration: "20s" },
          handlers: {
            slow: ({ attempt, signal }) => {
              remaining.push(attempt.remainingMs());
              if (attempt.number > 1) return undefined;
              return untilAborted(signal);
            },
          },
        });
        const result = await server.client.tasks.slow.delay({ n: 1 });
        await bench.until(() => remaining.length === 1);
        await bench.host.advance(14 * SECOND);
        await bench.untilStatus(result, "READY");
        expect(remaining).toEqual([13 * SECOND]);
        expect((await result.refresh()).errors.map(({ type }) => type)).toEqual(["TIMEOUT"]);
        await bench.settle();
        await bench.advance(30 * SECOND);
        expect(await result.status()).toBe("SUCCESSFUL");
      },
    },
  ],
};
