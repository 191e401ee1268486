import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import type { DeliveryBench } from "./delivery-bench.ts";
import { noting } from "./noting-handlers.ts";
import { untilAborted } from "./until-aborted.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What a backend that delivers and keeps task results promises; without results see server-deliveries-direct.ts. */
export const serverDeliveriesSection: ConformanceSection<DeliveryBench> = {
  title: "servers: tasks that are delivered",
  rows: ["delivery", "retries", "validation"],
  cases: [
    {
      name: "a task is stored first, then delivered, and its output reaches the caller",
      needs: ["delivery"],
      run: async (bench) => {
        const order: string[] = [];
        bench.local.beforeStore = (name) => void order.push(name);
        bench.local.interfere = ({ url }) => void (url.includes("/v2/batch") && order.push("publish"));
        const server = bench.deploy({ handlers: { work: ({ input }) => ({ n: input.n + 1 }) } });
        const result = await server.client.tasks.work.delay({ n: 41 });
        expect(order.slice(0, 2)).toEqual(["store.enqueue", "publish"]);
        expect(await result.get()).toEqual({ n: 42 });
        expect(await result.refresh()).toMatchObject({ status: "SUCCESSFUL", attempts: 1, errors: [] });
        await bench.settle();
        expect(bench.answers).toEqual([
          {
            status: 200,
            retryAfter: null,
            isNonRetryable: false,
            body: { id: result.id, status: "SUCCESSFUL" },
          },
        ]);
        expect(
          await bench.store.backend.inspector?.countByQueue({ now: bench.host.wallTime() }),
        ).toHaveLength(1);
      },
    },
    {
      name: "a message names its task and holds nothing of the input",
      needs: ["delivery"],
      run: async (bench) => {
        const { client } = bench.serve();
        const result = await client.tasks.work.delay({ n: 987_654 });
        const [body = ""] = bench.bodies;
        expect(JSON.parse(body)).toMatchObject({ id: result.id, path: "work", input: null });
        expect(body).not.toContain("987654");
      },
    },
    {
      name: "a delayed task is delivered at its time, not before, and beyond the longest delay too",
      needs: ["delivery"],
      run: async (bench) => {
        const starts: number[] = [];
        const begin = bench.host.wallTime();
        const server = bench.deploy({
          handlers: { silent: () => void starts.push(Math.floor((bench.host.wallTime() - begin) / SECOND)) },
        });
        const { silent } = server.client.tasks;
        await silent.enqueue(undefined, { countdown: "90s" });
        await silent.enqueue(undefined, { eta: new Date((await bench.storeTime()) + 10 * SECOND) });
        await bench.advance(9 * SECOND);
        expect(starts).toEqual([]);
        await bench.advance(2 * MINUTE);
        expect(starts.map((at) => Math.round(at / 10))).toEqual([1, 9]);
        const far = await silent.enqueue(undefined, { countdown: "30d" });
        await bench.advance(29 * DAY, HOUR);
        expect(await far.status()).toBe("READY");
        await bench.advance(2 * DAY, HOUR);
        expect(await far.status()).toBe("SUCCESSFUL");
        expect((await far.refresh()).attempts).toBe(1);
      },
    },
    {
      name: "an input or output that does not fit ends FAILED, and is answered for good",
      needs: ["delivery"],
      run: async (bench) => {
        const server = bench.deploy({ handlers: { work: () => ({ n: "seven" as unknown as number }) } });
        const result = await server.client.tasks.work.enqueue({ n: 1 }, { maxRetries: 2 });
        await bench.settle();
        expect(await result.refresh()).toMatchObject({
          status: "FAILED",
          errors: [{ type: "PAYLOAD_ERROR" }],
        });
        expect(bench.answers[0]).toMatchObject({ status: 489, isNonRetryable: true });
      },
    },
    {
      name: "a READY task that is cancelled is not delivered, and one that runs is told to stop",
      needs: ["delivery"],
      run: async (bench) => {
        let calls = 0;
        const server = bench.deploy({
          handlers: {
            slow: ({ signal }) => {
              calls++;
              return untilAborted(signal);
            },
          },
        });
        const { slow } = server.client.tasks;
        const waiting = await slow.enqueue({ n: 1 }, { countdown: "1m" });
        expect(await waiting.cancel()).toBe("cancelled");
        expect(bench.local.qstash.messages()).toEqual([]);
        const running = await slow.delay({ n: 2 });
        await bench.until(() => calls === 1);
        expect(await running.cancel()).toBe("requested");
        await bench.host.advance(5 * SECOND);
        await bench.untilStatus(running, "CANCELLED");
        await bench.advance(2 * MINUTE);
        expect(calls).toBe(1);
        expect(bench.answers).toMatchObject([{ status: 200, body: { status: "CANCELLED" } }]);
      },
    },
    {
      name: "a deleted task is taken back from QStash",
      needs: ["delivery"],
      run: async (bench) => {
        const server = bench.deploy();
        const result = await server.client.tasks.work.enqueue({ n: 1 }, { countdown: "1m" });
        expect(bench.local.qstash.messages()).toHaveLength(1);
        expect(await server.executor.deleteTask(result.id)).toBe(true);
        expect(bench.local.qstash.messages()).toEqual([]);
        await expect(result.status()).rejects.toMatchObject({ code: "RESULT_NOT_FOUND" });
      },
    },
    {
      name: "a second enqueue with the same deduplication id is the first one, and is delivered once",
      needs: ["delivery"],
      run: async (bench) => {
        const { ran, work } = noting();
        const server = bench.deploy({ handlers: { work } });
        const first = await server.client.tasks.work.enqueue({ n: 1 }, { deduplicationId: "once" });
        const second = await server.client.tasks.work.enqueue({ n: 2 }, { deduplicationId: "once" });
        expect(second).toMatchObject({ id: first.id, deduplicated: true });
        await bench.advance(2 * MINUTE);
        expect(ran).toEqual([1]);
      },
    },
    {
      name: "enqueueMany sends batches, and all of them run",
      needs: ["delivery"],
      run: async (bench) => {
        const batches: number[] = [];
        bench.local.interfere = async (request) => {
          if (request.url.endsWith("/v2/batch"))
            batches.push(((await request.clone().json()) as unknown[]).length);
          return undefined;
        };
        const ran = new Set<number>();
        const server = bench.deploy({
          handlers: {
            work: ({ input }) => {
              ran.add(input.n);
              return input;
            },
          },
        });
        const results = await server.client.tasks.work.enqueueMany(
          Array.from({ length: 250 }, (_, n) => ({ n })),
        );
        await bench.until(() => ran.size === 250);
        // A store that is asked by so many at once may be short of connections; ends are stored again after a pause.
        for (let second = 0; second < 60 && bench.answers.length < 250; second++)
          await bench.host.advance(SECOND);
        await bench.settle();
        expect(batches).toEqual([100, 100, 50]);
        expect(ran.size).toBe(250);
        expect(new Set(await Promise.all(results.map((result) => result.status())))).toEqual(
          new Set(["SUCCESSFUL"]),
        );
      },
    },
  ],
};
