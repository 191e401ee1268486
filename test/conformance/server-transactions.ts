import { createTaskClient } from "@taskwright/server";
import { type AsyncResult, TaskError } from "@taskwright/shared";
import { expect } from "vitest";
import { withCallers } from "./callers.ts";
import type { ConformanceSection } from "./conformance-case.ts";
import { noting } from "./noting-handlers.ts";
import { tasks } from "./server-contract.ts";
import type { ServerUnderTest } from "./server-under-test.ts";
import { newTask } from "./store-under-test.ts";

const NEEDS = ["transactions", "callers"] as const;
const ROWS = ["batches", "durable"];

class OutOfStock extends Error {}

/** Runs a transaction that ends by the caller's own error. */
async function rolledBack(run: () => Promise<unknown>): Promise<void> {
  await expect(run()).rejects.toBeInstanceOf(OutOfStock);
}

export const serverTransactionsSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: tasks enqueued in the caller's transactions",
  rows: ROWS,
  cases: [
    {
      name: "what is enqueued in client.transaction is there with the caller's data when it commits, under the id it had before",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ source, write, lines }) => {
          const server = await bench.run();
          let early: AsyncResult<{ n: number }> | undefined;
          const given = await server.client.transaction(source, async (tx, client) => {
            await write(tx, "order 1");
            early = await client.tasks.work.delay({ n: 1 });
            return early;
          });
          expect(given).toBe(early);
          expect(await given.get()).toEqual({ n: 1 });
          expect(await server.client.tasks.work.result(given.id).get()).toEqual({ n: 1 });
          expect(await lines()).toEqual(["order 1"]);
        }),
    },
    {
      name: "what was enqueued in a transaction that rolls back never was",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ source, write, lines }) => {
          const server = await bench.run();
          const results: AsyncResult<unknown>[] = [];
          await rolledBack(() =>
            server.client.transaction(source, async (tx, client) => {
              await write(tx, "order 1");
              results.push(await client.tasks.work.delay({ n: 1 }));
              results.push(...(await client.tasks.work.enqueueMany([{ n: 2 }, { n: 3 }])));
              throw new OutOfStock();
            }),
          );
          expect(results).toHaveLength(3);
          for (const result of results)
            await expect(result.status()).rejects.toMatchObject({ code: "RESULT_NOT_FOUND" });
          expect(await lines()).toEqual([]);
        }),
    },
    {
      name: "no worker sees what a transaction has enqueued before it commits, and an idle one runs it at once afterwards",
      needs: [...NEEDS, "leases"],
      run: (bench) =>
        withCallers(bench, async ({ source }) => {
          const { ran, work } = noting();
          const server = await bench.run({ work });
          const result = await server.client.transaction(source, async (_tx, client) => {
            const inner = await client.tasks.work.delay({ n: 1 });
            // The worker looks several times meanwhile.
            await bench.host.advance(5_000);
            const other = await server.client.tasks.work.delay({ n: 2 });
            await bench.untilStatus(other, "SUCCESSFUL");
            expect(ran).toEqual([2]);
            await expect(inner.status()).rejects.toMatchObject({ code: "RESULT_NOT_FOUND" });
            return inner;
          });
          // The clock stands still: nothing is found by looking every so often.
          await bench.untilStatus(result, "SUCCESSFUL");
          expect(ran).toEqual([2, 1]);
        }),
    },
    {
      name: "withTransaction enqueues in a transaction that someone else runs, and is rolled back with it",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ begin, write, lines }) => {
          const server = bench.serve();
          const kept = await begin(async (tx) => {
            await write(tx, "order 1");
            return server.client.withTransaction(tx).tasks.work.delay({ n: 1 });
          });
          let gone: AsyncResult<unknown> | undefined;
          await rolledBack(() =>
            begin(async (tx) => {
              await write(tx, "order 2");
              gone = await server.client.withTransaction(tx).tasks.mail.send.delay({ n: 2 });
              throw new OutOfStock();
            }),
          );
          expect(await kept.status()).toBe("READY");
          await expect(gone?.status()).rejects.toMatchObject({ code: "RESULT_NOT_FOUND" });
          expect(await lines()).toEqual(["order 1"]);
        }),
    },
    {
      name: "a task that is due later, and one of another queue, are enqueued in a transaction as outside of it",
      needs: [...NEEDS, "leases"],
      run: (bench) =>
        withCallers(bench, async ({ begin }) => {
          const server = await bench.run();
          const [later, mail] = await begin(async (tx) => {
            const client = server.client.withTransaction(tx);
            return [
              await client.tasks.work.applyAsync({ n: 1 }, { countdown: "1m" }),
              await client.tasks.mail.send.using({ tags: ["a"] }).delay({ n: 2 }),
            ] as const;
          });
          await bench.host.advance(30_000);
          expect((await mail.refresh()).tags).toEqual(["a"]);
          await bench.untilStatus(mail, "SUCCESSFUL");
          expect(await later.status()).toBe("READY");
          await bench.host.advance(40_000);
          expect(await later.get()).toEqual({ n: 1 });
        }),
    },
    {
      name: "a deduplicated enqueue in a transaction gets the id of the one before it, inside and outside",
      needs: [...NEEDS, "transactions of the store"],
      run: (bench) =>
        withCallers(bench, async ({ source }) => {
          const { client } = bench.serve();
          const once = { deduplicationId: "once" };
          const [first, second, other] = await client.transaction(source, async (_tx, inner) => [
            await inner.tasks.work.applyAsync({ n: 1 }, once),
            await inner.tasks.work.applyAsync({ n: 2 }, once),
            await inner.tasks.work.applyAsync({ n: 3 }, { deduplicationId: "other" }),
          ]);
          expect(second?.id).toBe(first?.id);
          expect(second?.deduplicated).toBe(true);
          expect(other?.id).not.toBe(first?.id);
          const outside = await client.tasks.work.applyAsync({ n: 4 }, once);
          expect(outside.id).toBe(first?.id);
          const later = await client.transaction(source, (_tx, inner) =>
            inner.tasks.work.applyAsync({ n: 5 }, once),
          );
          expect(later.id).toBe(first?.id);
        }),
    },
    {
      name: "a deduplication key that was taken in a transaction that rolls back is free",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ source }) => {
          const { client } = bench.serve();
          const once = { deduplicationId: "once" };
          await rolledBack(() =>
            client.transaction(source, async (_tx, inner) => {
              await inner.tasks.work.applyAsync({ n: 1 }, once);
              throw new OutOfStock();
            }),
          );
          const result = await client.tasks.work.applyAsync({ n: 2 }, once);
          expect(result.deduplicated).toBe(false);
          expect(await result.status()).toBe("READY");
        }),
    },
    {
      name: "a call that reaches a transaction after its end rejects with TRANSACTION_ENDED and stores nothing",
      needs: [...NEEDS, "inspector"],
      run: (bench) =>
        withCallers(bench, async ({ source, begin }) => {
          const { client } = bench.serve();
          const ended = { code: "TRANSACTION_ENDED" };
          const leaked = await client.transaction(source, async (_tx, inner) => inner);
          await expect(leaked.tasks.work.delay({ n: 1 })).rejects.toMatchObject(ended);
          await expect(leaked.tasks.work.enqueueMany([{ n: 1 }])).rejects.toMatchObject(ended);
          // Nothing watches this one: the client of the ended transaction says so itself.
          const late = await begin(async (tx) => client.withTransaction(tx));
          await expect((async () => late.tasks.work.delay({ n: 1 }))()).rejects.toMatchObject(ended);
          expect((await client.results.list()).results).toEqual([]);
        }),
    },
    {
      name: "an input that does not fit is refused in a transaction, which can go on and commit",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ source, write, lines }) => {
          const { client } = bench.serve();
          const result = await client.transaction(source, async (tx, inner) => {
            await write(tx, "order 1");
            const wrong = inner.tasks.work.delay({ n: "one" } as never);
            await expect(wrong).rejects.toMatchObject({ code: "PAYLOAD_ERROR" });
            return inner.tasks.work.delay({ n: 2 });
          });
          expect(await result.status()).toBe("READY");
          expect(await lines()).toEqual(["order 1"]);
        }),
    },
    {
      name: "what is no transaction is refused with INVALID_OPTION, and nothing is stored",
      needs: [...NEEDS, "inspector"],
      run: (bench) =>
        withCallers(bench, async ({ source }) => {
          const { client } = bench.serve();
          const invalid = expect.objectContaining({ code: "INVALID_OPTION" });
          for (const none of [source, null, undefined, {}, "tx", 7, () => {}])
            expect(() => client.withTransaction(none as never)).toThrow(invalid);
          for (const none of [null, {}, "client"]) {
            await expect(client.transaction(none as never, async () => {})).rejects.toEqual(invalid);
          }
          expect((await client.results.list()).results).toEqual([]);
        }),
    },
    {
      name: "listeners hear of what a transaction enqueued after its commit, and of nothing when it rolls back",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ source }) => {
          const server = bench.serve();
          const heard: string[] = [];
          server.events.on("enqueued", ({ id }) => heard.push(id));
          const result = await server.client.transaction(source, async (_tx, client) => {
            const inner = await client.tasks.work.delay({ n: 1 });
            expect(heard).toEqual([]);
            return inner;
          });
          expect(heard).toEqual([result.id]);
          await rolledBack(() =>
            server.client.transaction(source, async (_tx, client) => {
              await client.tasks.work.delay({ n: 2 });
              throw new OutOfStock();
            }),
          );
          expect(heard).toEqual([result.id]);
        }),
    },
    {
      name: "an enqueue that the store fails in a transaction is not tried again",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ source, write, lines }) => {
          const { client } = bench.serve();
          const failure = new TaskError({ code: "BACKEND_UNAVAILABLE", message: "gone" });
          let calls = 0;
          bench.before.set("transactions.enqueue", async () => {
            calls++;
            throw failure;
          });
          const failing = client.transaction(source, async (tx, inner) => {
            await write(tx, "order 1");
            await inner.tasks.work.delay({ n: 1 });
          });
          await expect(failing).rejects.toBe(failure);
          expect(calls).toBe(1);
          expect(await lines()).toEqual([]);
        }),
    },
    {
      name: "an enqueue that the store refuses in a transaction leaves nothing, although the caller goes on and commits",
      needs: [...NEEDS, "unstorable"],
      run: (bench) =>
        withCallers(bench, async ({ begin }) => {
          const { backend } = bench;
          const { unstorable } = bench.store.exercise;
          if ("none" in unstorable) throw new Error(unstorable.none);
          const deduplication = { key: "once", until: Number.MAX_SAFE_INTEGER };
          const good = newTask({ deduplication });
          const bad = unstorable.spoil(newTask());
          const now = good.enqueuedAt;
          await backend.open();
          await begin(async (transaction) => {
            const refused = backend.transactions?.enqueue({
              transaction,
              tasks: [good, bad],
              atomic: true,
              now,
            });
            await expect(refused).rejects.toThrow();
          }).catch(() => "a transaction that has failed cannot be committed in every database");
          expect(await backend.store.get({ ids: [good.id, bad.id] })).toEqual([null, null]);
          const again = newTask({ deduplication });
          expect(await backend.store.enqueue({ tasks: [again], atomic: true, now })).toEqual([
            { outcome: "stored" },
          ]);
        }),
    },
    {
      name: "a client of its own, without a server, enqueues in transactions too",
      needs: NEEDS,
      run: (bench) =>
        withCallers(bench, async ({ source }) => {
          const client = createTaskClient(tasks, { backend: bench.backend, host: bench.host });
          const result = await client.transaction(source, (_tx, inner) => inner.tasks.work.delay({ n: 1 }));
          expect(await result.status()).toBe("READY");
        }),
    },
  ],
};
