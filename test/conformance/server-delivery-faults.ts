import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import type { DeliveryBench } from "./delivery-bench.ts";
import { gated } from "./gated-handler.ts";
import { noting } from "./noting-handlers.ts";
import { storeAway } from "./store-away.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

export const serverDeliveryFaultsSection: ConformanceSection<DeliveryBench> = {
  title: "servers: deliveries that go wrong",
  rows: ["delivery", "durable", "crash"],
  cases: [
    {
      name: "two deliveries of one message at once run once, and the second is told to come later",
      needs: ["delivery"],
      run: async (bench) => {
        const patient = gated();
        const server = bench.deploy({ handlers: { patient: patient.handler } });
        bench.answerInstead([504]);
        const result = await server.client.tasks.patient.delay({ n: 1 });
        await bench.until(() => patient.calls() === 1);
        await bench.advance(15 * SECOND);
        expect(bench.answers).toMatchObject([{ status: 503, retryAfter: 30, body: { status: "READY" } }]);
        patient.open();
        await bench.untilStatus(result, "SUCCESSFUL");
        await bench.advance(MINUTE);
        expect(bench.answers.map(({ status }) => status)).toEqual([503, 200, 200]);
        expect(patient.calls()).toBe(1);
      },
    },
    {
      name: "a delivery that is repeated after the end runs nothing, and gets the answer of that end",
      needs: ["delivery"],
      run: async (bench) => {
        const ran: number[] = [];
        const server = bench.deploy({
          handlers: {
            work: ({ input }) => {
              ran.push(input.n);
              if (input.n === 1) return input;
              throw new Error("no");
            },
          },
        });
        bench.answerInstead([500, 500]);
        const { work } = server.client.tasks;
        const [good, bad] = await work.using({ maxRetries: 0 }).enqueueMany([{ n: 1 }, { n: 2 }]);
        await bench.untilStatus(good, "SUCCESSFUL");
        await bench.untilStatus(bad, "FAILED");
        await bench.advance(20 * SECOND);
        expect(ran.sort()).toEqual([1, 2]);
        const repeated = bench.answers.slice(2);
        expect(repeated.map(({ status, body }) => [status, body.id, body.status])).toEqual(
          expect.arrayContaining([
            [200, good?.id, "SUCCESSFUL"],
            [489, bad?.id, "FAILED"],
          ]),
        );
      },
    },
    {
      name: "a webhook that dies after its claim loses its lease, and a later delivery runs the task once more",
      needs: ["delivery"],
      run: async (bench) => {
        const { ran, work } = noting();
        bench.local.platform = () => new Response(null, { status: 500 });
        const { client } = bench.serve();
        const result = await client.tasks.work.delay({ n: 1 });
        await bench.settle();
        const claim = {
          workerId: "dead",
          tasks: [{ path: "work", lease: 60 * SECOND }],
          queues: "all" as const,
          limit: 1,
          id: result.id,
        };
        const answer = await bench.backend.delivery?.leases.claim({ ...claim, now: await bench.storeTime() });
        expect(answer?.claimed).toHaveLength(1);
        bench.deploy({ handlers: { work } });
        await bench.advance(50 * SECOND);
        expect(ran).toEqual([]);
        expect(new Set(bench.answers.map(({ status }) => status))).toEqual(new Set([503]));
        await bench.advance(MINUTE);
        expect(ran).toEqual([1]);
        expect(await result.refresh()).toMatchObject({ status: "SUCCESSFUL", attempts: 2 });
      },
    },
    {
      name: "a task for which this deploy has no handler waits for one that has, and uses no attempt",
      needs: ["delivery"],
      run: async (bench) => {
        const old = bench.deploySilent();
        const result = await old.client.tasks.work.delay({ n: 3 });
        await bench.settle();
        expect(bench.answers).toMatchObject([{ status: 200, body: { status: "READY" } }]);
        const server = bench.deploy();
        await bench.host.advance(4 * MINUTE);
        expect(await server.executor.relay()).toBe(0);
        await bench.host.advance(2 * MINUTE);
        expect(await server.executor.relay()).toBe(1);
        await bench.settle();
        expect(await result.refresh()).toMatchObject({ status: "SUCCESSFUL", attempts: 1 });
      },
    },
    {
      name: "while the store is away deliveries are told to come later and later, and nothing is lost",
      needs: ["delivery"],
      run: async (bench) => {
        const { ran, work } = noting();
        bench.local.platform = () => new Response(null, { status: 503, headers: { "retry-after": "1" } });
        const server = bench.serve({ handlers: { work } });
        const result = await server.client.tasks.work.delay({ n: 1 });
        await bench.settle();
        bench.deploy({ handlers: { work } });
        bench.local.beforeStore = () => {
          throw storeAway();
        };
        await bench.advance(3 * SECOND);
        bench.local.beforeStore = () => {};
        expect(bench.answers).toMatchObject([{ status: 503, retryAfter: 240 }]);
        expect(JSON.stringify(bench.answers)).not.toContain("away");
        await bench.advance(5 * MINUTE, 10 * SECOND);
        expect(await result.refresh()).toMatchObject({ status: "SUCCESSFUL", attempts: 1 });
        expect(ran).toEqual([1]);
      },
    },
    {
      name: "a handler that outlasts QStash's patience is run once, and its end is found by a further message",
      needs: ["delivery"],
      run: async (bench) => {
        const patient = gated();
        const server = bench.deploy({ handlers: { patient: patient.handler } });
        bench.answerInstead([504]);
        const result = await server.client.tasks.patient.enqueue({ n: 1 }, { timeout: "2h", maxRetries: 0 });
        await bench.until(() => patient.calls() === 1);
        await bench.advance(HOUR, 15 * SECOND);
        expect(await result.status()).toBe("RUNNING");
        expect(bench.local.qstash.dlq()).toEqual([]);
        expect(bench.local.qstash.messages()).toHaveLength(1);
        patient.open();
        await bench.untilStatus(result, "SUCCESSFUL");
        await bench.advance(2 * MINUTE);
        expect(bench.local.qstash.messages()).toEqual([]);
        expect(await result.refresh()).toMatchObject({ attempts: 1, errors: [] });
        expect(patient.calls()).toBe(1);
      },
    },
  ],
};
