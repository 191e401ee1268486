import { createTaskClient } from "@taskwright/server";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import type { DeliveryBench } from "./delivery-bench.ts";
import { noting } from "./noting-handlers.ts";
import { tasks } from "./server-contract.ts";
import { storeAway } from "./store-away.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Whether a request asks QStash to deliver something. */
function isPublish({ url }: Request): boolean {
  return url.endsWith("/v2/batch");
}

/** Lets nothing through to QStash. */
function takeQstashAway(bench: DeliveryBench): void {
  bench.local.interfere = () => Response.error();
}

export const serverDeliverySendingSection: ConformanceSection<DeliveryBench> = {
  title: "servers: tasks on their way to QStash",
  rows: ["durable", "crash"],
  cases: [
    {
      name: "a process that dies between store and QStash leaves a note, from which a relay sends the task once",
      needs: ["delivery"],
      run: async (bench) => {
        const { ran, work } = noting();
        const server = bench.deploy({ handlers: { work } });
        let published = 0;
        bench.local.interfere = (request) => {
          if (!isPublish(request)) return undefined;
          published++;
          return new Promise<never>(() => {});
        };
        const dying = createTaskClient(tasks, { backend: bench.store.backend, host: bench.host });
        dying.tasks.work.delay({ n: 1 }).catch(() => undefined);
        for (let turn = 0; turn < 1_000 && published === 0; turn++)
          await new Promise<void>((resolve) => setTimeout(resolve, 5));
        expect(published).toBe(1);
        bench.local.interfere = () => undefined;
        expect(await server.executor.relay()).toBe(0);
        await bench.host.advance(61 * SECOND);
        expect(await server.executor.relay()).toBe(1);
        expect(await server.executor.relay()).toBe(0);
        await bench.settle();
        expect(ran).toEqual([1]);
      },
    },
    {
      name: "a process that dies between QStash and the end of its note makes no second run",
      needs: ["delivery"],
      run: async (bench) => {
        const { ran, work } = noting();
        const server = bench.deploy({ handlers: { work } });
        bench.local.beforeStore = (name) => {
          if (name === "store.delete") throw storeAway();
        };
        const waiting = await server.client.tasks.work.enqueue({ n: 1 }, { countdown: "5m" });
        const ended = await server.client.tasks.work.delay({ n: 2 });
        await bench.untilStatus(ended, "SUCCESSFUL");
        bench.local.beforeStore = () => {};
        await bench.host.advance(61 * SECOND);
        expect(await server.executor.relay()).toBe(1);
        expect(await server.executor.relay()).toBe(0);
        expect(bench.local.qstash.messages()).toHaveLength(1);
        await bench.advance(6 * MINUTE);
        expect(await waiting.status()).toBe("SUCCESSFUL");
        expect(ran).toEqual([2, 1]);
      },
    },
    {
      name: "a publish whose answer is lost is sent again, and runs once",
      needs: ["delivery"],
      run: async (bench) => {
        const { ran, work } = noting();
        const server = bench.deploy({ handlers: { work } });
        let published = 0;
        bench.local.interfere = async (request, pass) => {
          if (!isPublish(request) || published++ > 0) return undefined;
          await pass();
          return Response.error();
        };
        const result = await server.client.tasks.work.delay({ n: 1 });
        expect(await result.get()).toEqual({ n: 1 });
        await bench.advance(2 * MINUTE);
        expect(published).toBe(2);
        expect(ran).toEqual([1]);
      },
    },
    {
      name: "while QStash is away tasks are stored, and stay until a relay has sent them",
      needs: ["delivery"],
      run: async (bench) => {
        const { ran, work } = noting();
        const server = bench.deploy({ handlers: { work } });
        takeQstashAway(bench);
        const result = await server.client.tasks.work.delay({ n: 1 });
        expect(await result.status()).toBe("READY");
        for (let round = 0; round < 3; round++) {
          await bench.host.advance(20 * SECOND);
          await expect(server.executor.relay()).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
        }
        expect(bench.told.some(({ message }) => message.includes("could not be relayed"))).toBe(true);
        bench.local.interfere = () => undefined;
        expect(await server.executor.relay()).toBe(1);
        await bench.settle();
        expect(ran).toEqual([1]);
        expect(await result.refresh()).toMatchObject({ status: "SUCCESSFUL", attempts: 1 });
      },
    },
    {
      name: "what QStash could not take for a moment is sent within seconds, by the same process",
      needs: ["delivery"],
      run: async (bench) => {
        const { ran, work } = noting();
        const server = bench.deploy({ handlers: { work } });
        for (const headers of [
          { "burst-ratelimit-limit": "100", "burst-ratelimit-remaining": "0", "burst-ratelimit-reset": "1" },
          { "ratelimit-limit": "500", "ratelimit-remaining": "0", "ratelimit-reset": "9000000000" },
          undefined,
        ]) {
          bench.local.interfere = (request) =>
            isPublish(request)
              ? new Response('{"error":"no"}', {
                  status: headers === undefined ? 401 : 429,
                  ...(headers && { headers }),
                })
              : undefined;
          await server.client.tasks.work.delay({ n: ran.length });
          bench.local.interfere = () => undefined;
          const before = ran.length;
          await bench.host.advance(20 * SECOND);
          await bench.until(() => ran.length === before + 1);
        }
        expect(ran).toEqual([0, 1, 2]);
      },
    },
    {
      name: "what QStash refuses for good is not stored, and of an atomic batch nothing",
      needs: ["delivery"],
      run: async (bench) => {
        const server = bench.serve();
        bench.local.interfere = async (request) => {
          if (!isPublish(request)) return undefined;
          const items = (await request.json()) as readonly { readonly body: string }[];
          return Response.json(
            items.map((_, index) =>
              index === items.length - 1 ? { error: "quota" } : { messageId: `msg_${index}` },
            ),
          );
        };
        const { work } = server.client.tasks;
        await expect(work.delay({ n: 1 })).rejects.toMatchObject({ code: "INVALID_OPTION" });
        await expect(work.enqueueMany([{ n: 1 }, { n: 2 }, { n: 3 }])).rejects.toMatchObject({
          code: "INVALID_OPTION",
        });
        expect(await bench.store.backend.inspector?.countByQueue({ now: bench.host.wallTime() })).toEqual([]);
      },
    },
    {
      name: "a note to send once more stays while the task runs, as nobody delivers it when its process dies",
      needs: ["delivery"],
      run: async (bench) => {
        const { ran, work } = noting();
        bench.local.platform = () =>
          new Response(null, { status: 489, headers: { "upstash-nonretryable-error": "true" } });
        const server = bench.serve();
        const result = await server.client.tasks.work.delay({ n: 1 });
        await bench.settle();
        const now = await bench.storeTime();
        const { delivery, store } = bench.backend;
        await delivery?.leases.claim({
          workerId: "dead",
          tasks: [{ path: "work", lease: 5 * MINUTE }],
          queues: "all",
          limit: 1,
          id: result.id,
          now,
        });
        const [record] = await store.get({ ids: [result.id] });
        if (record == null) throw new Error("It is not stored.");
        takeQstashAway(bench);
        const task = { ...record, rank: record.runAfter, deduplication: null };
        await delivery?.resend({ task, at: now, cause: "given-up-1", deliveriesBefore: 0, now });
        bench.local.interfere = () => undefined;
        bench.deploy({ handlers: { work } });
        for (let minute = 0; minute < 10; minute++) {
          await bench.advance(MINUTE, 10 * SECOND);
          await server.executor.sweep();
          await server.executor.relay();
        }
        await bench.settle();
        expect(ran).toEqual([1]);
        expect(await result.refresh()).toMatchObject({ status: "SUCCESSFUL", attempts: 2 });
      },
    },
  ],
};
