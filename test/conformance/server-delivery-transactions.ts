import { createTaskServer } from "@taskwright/server";
import type { Backend } from "@taskwright/server/backend";
import { createWebhookHandler } from "@taskwright/server/http";
import { initTasks } from "@taskwright/shared";
import { expect } from "vitest";
import { z } from "zod";
import { withCallers } from "./callers.ts";
import type { ConformanceSection } from "./conformance-case.ts";
import type { DeliveryBench } from "./delivery-bench.ts";
import { noting } from "./noting-handlers.ts";
import { NotingTracing } from "./noting-tracing.ts";
import { readBeforeRelay } from "./read-before-relay.ts";

const SECOND = 1_000;
const NEEDS = ["delivery", "transactions", "callers"] as const;

export const serverDeliveryTransactionsSection: ConformanceSection<DeliveryBench> = {
  title: "servers: deliveries of what transactions enqueue",
  rows: ["durable", "delivery"],
  cases: [
    {
      name: "what client.transaction commits is delivered at once, and what it rolls back never",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ source, write, lines }) => {
          const { ran, work } = noting();
          const { client } = bench.deploy({ handlers: { work } });
          const result = await client.transaction(source, async (tx, inside) => {
            await write(tx, "order 1");
            return inside.tasks.work.delay({ n: 1 });
          });
          await bench.settle();
          expect(result.id).not.toBe("");
          expect(ran).toEqual([1]);
          const failing = client.transaction(source, async (tx, inside) => {
            await write(tx, "order 2");
            await inside.tasks.work.delay({ n: 2 });
            throw new Error("undone");
          });
          await expect(failing).rejects.toThrow("undone");
          await bench.advance(90 * SECOND);
          expect(ran).toEqual([1]);
          expect(await lines()).toEqual(["order 1"]);
          expect(bench.local.qstash.messages()).toEqual([]);
        }),
    },
    {
      name: "what somebody else's transaction commits is delivered within seconds, by the process that enqueued it",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ begin }) => {
          const { ran, work } = noting();
          const { client } = bench.deploy({ handlers: { work } });
          await begin((tx) => client.withTransaction(tx).tasks.work.enqueueMany([{ n: 1 }, { n: 2 }]));
          expect(ran).toEqual([]);
          await bench.host.advance(2 * SECOND);
          await bench.until(() => ran.length === 2);
          expect(ran.sort()).toEqual([1, 2]);
        }),
    },
    {
      name: "what a transaction enqueues is delivered with the context of its enqueue",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ source }) => {
          const tracing = new NotingTracing();
          const { client } = bench.deploy({ tracing });
          await client.transaction(source, (_, inside) => inside.tasks.work.delay({ n: 1 }));
          await bench.settle();
          expect(tracing.attempts).toEqual([
            { number: 1, of: "enqueue 1", isOneOfMany: false, outcome: "succeeded" },
          ]);
        }),
    },
    {
      name: "what a process left that died after the commit is sent by the next delivery, or by taskwright.relay",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ begin }) => {
          const { ran, work } = noting();
          const server = bench.deploy({ handlers: { work } });
          // This one hears of no commit, and its timers never fire: the clock stands still.
          const dead = bench.serve();
          await begin((tx) => dead.client.withTransaction(tx).tasks.work.delay({ n: 1 }));
          await server.client.relay.delay();
          await bench.settle();
          await bench.until(() => ran.length === 1);
          await begin((tx) => dead.client.withTransaction(tx).tasks.work.delay({ n: 2 }));
          await bench.host.advance(0);
          expect(await server.executor.relay()).toBe(1);
          await bench.settle();
          expect(ran).toEqual([1, 2]);
        }),
    },
    {
      name: "who reads a task result that nobody has sent yet gets it",
      needs: [...NEEDS, "results"],
      run: readBeforeRelay,
    },
    {
      name: "a handler with transaction: true commits its writes together with its end",
      needs: [...NEEDS, "transactions.runAttempt"],
      run: (bench) =>
        withCallers(bench, async ({ write, lines }) => {
          const t = initTasks.create();
          const ledger = t.router({
            post: t.task
              .input(z.object({ line: z.string() }))
              .options({ transaction: true, retryDelay: "10s" }),
          });
          let calls = 0;
          const server = createTaskServer({
            tasks: ledger,
            backend: bench.backend as Backend<unknown>,
            handlers: {
              post: async ({ tx, input }) => {
                await write(tx, input.line);
                if (calls++ === 0) throw new Error("undone");
              },
            },
            logger: bench.logger(),
            host: bench.host,
          });
          bench.connect(createWebhookHandler(server));
          const result = await server.client.tasks.post.delay({ line: "order 1" });
          await bench.settle();
          expect(await lines()).toEqual([]);
          await bench.advance(15 * SECOND);
          expect(await lines()).toEqual(["order 1"]);
          expect(await result.refresh()).toMatchObject({ status: "SUCCESSFUL", attempts: 2 });
        }),
    },
  ],
};
