import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { NotingTracing } from "./noting-tracing.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

const SECOND = 1_000;

export const serverTracingSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: traces",
  rows: ["delivery", "retries", "dedup"],
  cases: [
    {
      name: "what an enqueue's context says reaches its attempts, across retries and a requeue by hand",
      needs: ["leases"],
      run: async (bench) => {
        const tracing = new NotingTracing();
        const inside: (string | undefined)[] = [];
        const server = bench.serve({
          tracing,
          handlers: {
            work: async ({ attempt }) => {
              await bench.host.during(Promise.resolve());
              inside.push(tracing.active);
              if (attempt.number < 4) throw new Error("no luck");
              return { n: attempt.number };
            },
          },
        });
        await bench.work(server);
        const options = { maxRetries: 2, timeout: "50s", retryDelay: "5s" } as const;
        const result = await server.client.tasks.work.enqueue({ n: 1 }, options);
        await bench.host.advance(11 * SECOND);
        await bench.untilStatus(result, "FAILED");
        await server.executor.resetTaskForRetry(result.id);
        await bench.host.advance(SECOND);
        await bench.untilStatus(result, "SUCCESSFUL");
        const of = { of: "enqueue 1", isOneOfMany: false };
        expect(tracing.attempts).toEqual([
          { number: 1, ...of, outcome: "retrying" },
          { number: 2, ...of, outcome: "retrying" },
          { number: 3, ...of, outcome: "failed" },
          { number: 4, ...of, outcome: "succeeded" },
        ]);
        expect(inside).toEqual([1, 2, 3, 4].map((number) => `attempt ${number} of work`));
      },
    },
    {
      name: "many of one enqueueMany say so, and what a handler enqueues belongs to where it was",
      needs: ["leases"],
      run: async (bench) => {
        const tracing = new NotingTracing();
        const server = bench.serve({
          tracing,
          handlers: {
            work: async ({ input, client }) => {
              if (input.n === 1) await client.tasks.silent.delay();
              return input;
            },
          },
        });
        await server.client.tasks.work.enqueueMany([{ n: 1 }, { n: 2 }, { n: 3 }]);
        await bench.work(server);
        await bench.until(() => tracing.attempts.filter(({ outcome }) => outcome !== null).length === 4);
        const seen = tracing.attempts.map(({ of, isOneOfMany }) => `${of} ${isOneOfMany}`);
        expect(seen.sort()).toEqual([
          "enqueue 1 true",
          "enqueue 1 true",
          "enqueue 1 true",
          "enqueue 2 false",
        ]);
        expect(tracing.enqueues).toMatchObject([
          { path: "work", queue: "default", backend: "default", count: 3 },
          { path: "silent", count: null },
        ]);
      },
    },
    {
      name: "traced or not, the same input is deduplicated, and whoever does not trace runs what was traced",
      needs: ["leases"],
      run: async (bench) => {
        const traced = bench.serve({ tracing: new NotingTracing() });
        const plain = bench.serve();
        const first = await traced.client.tasks.work.enqueue({ n: 1 }, { deduplicated: true });
        const second = await plain.client.tasks.work.enqueue({ n: 1 }, { deduplicated: true });
        const third = await traced.client.tasks.work.enqueue({ n: 1 }, { deduplicated: true });
        expect([second.id, third.id]).toEqual([first.id, first.id]);
        await bench.work(plain);
        expect(await first.get()).toEqual({ n: 1 });
      },
    },
    {
      name: "a schedule's tick belongs to no trace",
      needs: ["schedules", "leases"],
      run: async (bench) => {
        const tracing = new NotingTracing();
        const server = bench.serve({ tracing });
        await server.client.schedules.create({ id: "s", task: "silent", cron: "* * * * *" });
        await bench.work(server);
        await bench.host.advance(61 * SECOND);
        await bench.until(() => tracing.attempts.some(({ outcome }) => outcome !== null));
        expect(tracing.attempts[0]).toMatchObject({ number: 1, of: null, outcome: "succeeded" });
        expect(tracing.enqueues).toEqual([]);
      },
    },
  ],
};
