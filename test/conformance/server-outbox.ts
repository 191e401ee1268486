import { TaskError } from "@taskwright/shared";
import { expect } from "vitest";
import { withCallers } from "./callers.ts";
import type { ConformanceSection } from "./conformance-case.ts";
import { noting } from "./noting-handlers.ts";
import { readBeforeRelay } from "./read-before-relay.ts";
import type { ServerUnderTest } from "./server-under-test.ts";
import { storeAway } from "./store-away.ts";

const NEEDS = ["transactions", "outbox", "callers", "leases"] as const;
const ROWS = ["durable"];
/** Longer than a relay that died holds on to its rows. */
const AFTER_HOLD_MS = 16_000;

const REFUSED = () => new TaskError({ code: "BACKEND_INCOMPATIBLE", message: "too odd" });

export const serverOutboxSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: tasks that wait in an outbox",
  rows: ROWS,
  cases: [
    {
      name: "what a transaction of somebody else's has committed is run by a worker within a second",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ begin }) => {
          const { ran, work } = noting();
          const server = await bench.run({ work });
          // Another process enqueues, and knows nothing of the commit.
          const { client } = bench.serve();
          await begin((tx) => client.withTransaction(tx).tasks.work.enqueueMany([{ n: 1 }, { n: 2 }]));
          expect(ran).toEqual([]);
          await bench.host.advance(1_000);
          await bench.until(() => ran.length === 2);
          expect(ran).toEqual([1, 2]);
          expect(await server.executor.relay()).toBe(0);
        }),
    },
    {
      name: "a process without a worker relays soon after a transaction of somebody else's in which it has enqueued",
      needs: [...NEEDS, "inspector"],
      run: (bench) =>
        withCallers(bench, async ({ begin }) => {
          const { client } = bench.serve();
          const count = async () => (await client.results.list()).results.length;
          await begin(async (tx) => {
            await client.withTransaction(tx).tasks.work.delay({ n: 1 });
            await bench.host.advance(300);
            expect(await count()).toBe(0);
          });
          expect(await count()).toBe(0);
          await bench.host.advance(1_000);
          expect(await count()).toBe(1);
        }),
    },
    {
      name: "who reads a task result that is still in the outbox gets it",
      needs: NEEDS,
      run: readBeforeRelay,
    },
    {
      name: "tasks are relayed in the order of their enqueues, with all that was said of them",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ begin }) => {
          const { ran, work } = noting();
          const server = bench.serve({ handlers: { work } });
          const inputs = Array.from({ length: 450 }, (_, n) => ({ n }));
          const [late] = await begin(async (tx) => {
            const { tasks } = server.client.withTransaction(tx);
            await tasks.work.enqueueMany(inputs.slice(0, 300));
            await tasks.work.enqueueMany(inputs.slice(300));
            return [
              await tasks.mail.send
                .using({ tags: ["a"], priority: 7, maxRetries: 1 })
                .applyAsync({ n: 1 }, { countdown: "1m" }),
              await tasks.work.applyAsync({ n: -1 }, { priority: 100 }),
            ];
          });
          expect(await server.executor.relay()).toBe(452);
          expect(await late?.refresh()).toMatchObject({
            status: "READY",
            queue: "emails",
            tags: ["a"],
            priority: 7,
            maxRetries: 1,
          });
          await server.executor.processTasks();
          expect(ran).toEqual([-1, ...inputs.map(({ n }) => n)]);
        }),
    },
    {
      name: "a relay that dies before it has stored what it took leaves it to the others",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ begin }) => {
          const { ran, work } = noting();
          const server = bench.serve({ handlers: { work } });
          const result = await begin((tx) => server.client.withTransaction(tx).tasks.work.delay({ n: 1 }));
          const now = await bench.storeTime();
          const taken = await bench.backend.outbox?.take({ limit: 10, until: now + 15_000, now });
          expect(taken?.rows.map(({ task }) => task?.id)).toEqual([result.id]);
          expect(await server.executor.relay()).toBe(0);
          await bench.work(server);
          await bench.host.advance(AFTER_HOLD_MS);
          await bench.untilStatus(result, "SUCCESSFUL");
          expect(ran).toEqual([1]);
        }),
    },
    {
      name: "a relay that dies after the store has the task and before its row is gone makes no second one",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ source }) => {
          const { ran, work } = noting();
          bench.before.set("outbox.remove", async () => {
            throw storeAway();
          });
          const server = await bench.run({ work });
          const result = await server.client.transaction(source, (_tx, client) =>
            client.tasks.work.delay({ n: 1 }),
          );
          await bench.untilStatus(result, "SUCCESSFUL");
          bench.before.clear();
          let removed = 0;
          bench.after.set("outbox.remove", async () => {
            removed++;
          });
          await bench.host.advance(AFTER_HOLD_MS);
          await bench.until(() => removed === 1);
          await bench.host.advance(AFTER_HOLD_MS);
          expect(removed).toBe(1);
          expect(ran).toEqual([1]);
          expect((await result.refresh()).attempts).toBe(1);
        }),
    },
    {
      name: "relays that work at once bring each task once",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ begin }) => {
          const { ran, work } = noting();
          const servers = [1, 2, 3, 4].map(() => bench.serve({ handlers: { work } }));
          const [server] = servers;
          if (server === undefined) throw new Error("There is no server.");
          const inputs = Array.from({ length: 900 }, (_, n) => ({ n }));
          await begin((tx) => server.client.withTransaction(tx).tasks.work.enqueueMany(inputs));
          const stored: string[] = [];
          bench.spoilEnqueue = ({ tasks }) => {
            stored.push(...tasks.map(({ id }) => id));
            return undefined;
          };
          const counts = await Promise.all(servers.map(({ executor }) => executor.relay()));
          expect(counts.reduce((sum, count) => sum + count)).toBe(900);
          expect(new Set(stored).size).toBe(900);
          // Rows that one relay holds are not even tried by the others.
          expect(stored).toHaveLength(900);
          await server.executor.processTasks();
          expect(ran.sort((left, right) => left - right)).toEqual(inputs.map(({ n }) => n));
        }),
    },
    {
      name: "what could not be brought to a store that was away for a moment is brought within seconds",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ source }) => {
          const { ran, work } = noting();
          const server = await bench.run({ work });
          bench.before.set("store.enqueue", async () => {
            throw storeAway();
          });
          await server.client.transaction(source, (_tx, client) => client.tasks.work.delay({ n: 1 }));
          bench.before.clear();
          await bench.host.advance(3_000);
          await bench.until(() => ran.length === 1);
        }),
    },
    {
      name: "while the store is away transactions commit, and their tasks run when it is back",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ source, write, lines }) => {
          const { ran, work } = noting();
          const server = await bench.run({ work });
          await server.client.tasks.work.delay({ n: 0 });
          await bench.until(() => ran.length === 1);
          bench.before.set("store.enqueue", async () => {
            throw storeAway();
          });
          for (const n of [1, 2]) {
            await server.client.transaction(source, async (tx, client) => {
              await write(tx, `order ${n}`);
              await client.tasks.work.delay({ n });
            });
          }
          await bench.host.advance(60_000);
          expect(await lines()).toEqual(["order 1", "order 2"]);
          expect(ran).toEqual([0]);
          const warned = bench.told.filter(({ message }) => message.includes("could not be relayed"));
          expect(warned.length).toBeGreaterThan(3);
          expect(warned.length).toBeLessThan(15);
          bench.before.clear();
          await bench.host.advance(12_000);
          await bench.until(() => ran.length === 3);
          expect(ran).toEqual([0, 1, 2]);
        }),
    },
    {
      name: "a task that the store refuses stays with the reason, is tried again with growing pauses, and stands in no other's way",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ source }) => {
          const { ran, work } = noting();
          const server = await bench.run({ work });
          let tries = 0;
          let isRefusing = true;
          bench.spoilEnqueue = ({ tasks }) => {
            const hasOdd = tasks.some(({ input }) => input === '{"n":13}');
            if (!hasOdd || !isRefusing) return undefined;
            tries++;
            throw REFUSED();
          };
          const results = await server.client.transaction(source, (_tx, client) =>
            client.tasks.work.enqueueMany([{ n: 12 }, { n: 13 }, { n: 14 }]),
          );
          await bench.until(() => ran.length === 2);
          expect(ran).toEqual([12, 14]);
          const [told] = bench.told.filter(({ level }) => level === "error");
          expect(told?.facts).toMatchObject({ id: results[1]?.id, task: "work", pauseMs: 5_000 });
          expect(told?.message).toContain("stays in the outbox");
          expect(await bench.backend.diagnose()).toContainEqual({
            level: "warning",
            message: expect.stringMatching(new RegExp(`refused.*work ${results[1]?.id}.*too odd`)),
          });
          tries = 0;
          await bench.host.advance(4_000);
          expect(tries).toBe(0);
          await bench.host.advance(3_000);
          expect(tries).toBe(1);
          await bench.host.advance(18_000);
          expect(tries).toBe(1);
          isRefusing = false;
          await bench.host.advance(4_000);
          await bench.until(() => ran.length === 3);
          expect(await results[1]?.get()).toEqual({ n: 13 });
          expect(await server.executor.relay()).toBe(0);
        }),
    },
    {
      name: "a task whose deduplication key is held when it is relayed ends without a task result",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ source }) => {
          const { ran, work } = noting();
          const server = bench.serve({ handlers: { work } });
          const once = { deduplicationId: "once" };
          const [first, second] = await server.client.transaction(source, async (_tx, client) => [
            await client.tasks.work.applyAsync({ n: 1 }, once),
            await client.tasks.work.applyAsync({ n: 2 }, once),
          ]);
          expect(second?.id).not.toBe(first?.id);
          expect(second?.deduplicated).toBe(false);
          const outside = await server.client.tasks.work.applyAsync({ n: 3 }, once);
          expect(outside.id).toBe(first?.id);
          await expect(second?.status()).rejects.toMatchObject({ code: "RESULT_NOT_FOUND" });
          expect(await server.executor.relay()).toBe(0);
          await server.executor.processTasks();
          expect(ran).toEqual([1]);
        }),
    },
    {
      name: "the built-in task taskwright.relay relays, by whatever runs it",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ begin }) => {
          const { ran, work } = noting();
          const server = bench.serve({ handlers: { work } });
          await begin((tx) => server.client.withTransaction(tx).tasks.work.delay({ n: 1 }));
          await server.client.relay.delay();
          const ended = await server.executor.processTasks();
          expect(ended.map(({ path, status }) => [path, status])).toEqual([
            ["taskwright.relay", "SUCCESSFUL"],
            ["work", "SUCCESSFUL"],
          ]);
          expect(ran).toEqual([1]);
        }),
    },
    {
      name: "a worker that stops when nothing is due relays first",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ begin }) => {
          const { ran, work } = noting();
          const server = bench.serve({ handlers: { work } });
          const other = bench.serve();
          await begin((tx) => other.client.withTransaction(tx).tasks.work.delay({ n: 1 }));
          const worker = await bench.work(server, { once: true });
          await bench.until(() => ran.length === 1);
          await bench.host.advance(1_000);
          await worker.stopped;
          expect(ran).toEqual([1]);
        }),
    },
  ],
};
