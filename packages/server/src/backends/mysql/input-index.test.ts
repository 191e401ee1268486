import { expect, onTestFinished, type TestContext, test } from "vitest";
import {
  aUser,
  freshDatabase,
  type MariadbPlace,
  onClient,
  runOnMariadb,
} from "../../../../../test/harness/mariadb-store.ts";
import { aPostgresTask as aTask } from "../../../../../test/harness/postgres-store.ts";
import { NOW } from "../../../../../test/harness/sqlite-store.ts";
import type { Backend } from "../../backend/index.ts";

const FILTER = { input: [{ path: ["to"], operator: "equals", value: "a" }] } as const;

async function listed(backend: Backend): Promise<readonly string[]> {
  const page = { filter: FILTER, cursor: null, offset: 0, limit: 100 };
  return (await backend.inspector?.list(page))?.records.map(({ id }) => id) ?? [];
}

async function indexOnce(backend: Backend): Promise<number> {
  const answer = await backend.maintenance?.indexInputs?.({ limit: 1_000, keepFor: 1_000, now: NOW });
  return answer?.indexed ?? 0;
}

/** Rounds until one takes in nothing. */
async function indexAll(backend: Backend): Promise<number> {
  let all = 0;
  for (let indexed = -1; indexed !== 0; all += Math.max(0, indexed)) indexed = await indexOnce(backend);
  return all;
}

interface Place extends MariadbPlace {
  readonly backend: Backend;
  /** Stores a task result in a transaction of its own isolation, which stays open until `end` is called. */
  readonly openTransaction: (
    isolationLevel: string,
  ) => Promise<{ readonly id: string; readonly end: (how: "COMMIT" | "ROLLBACK") => Promise<void> }>;
}

async function opened(context: TestContext): Promise<Place> {
  const place = await freshDatabase(context);
  const { backend, client } = await onClient(place.url);
  await backend.schema?.migrate();
  await backend.open();
  const openTransaction: Place["openTransaction"] = async (isolationLevel) => {
    const task = aTask({ input: '{"to":"a"}' });
    const stored = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const run = client.$transaction(
      async (tx) => {
        await backend.transactions?.enqueue({ transaction: tx, tasks: [task], atomic: true, now: NOW });
        stored.resolve();
        await ended.promise;
      },
      { isolationLevel, timeout: 60_000 },
    );
    const outcome = run.catch(() => undefined);
    await Promise.race([stored.promise, run]);
    onTestFinished(async () => {
      ended.resolve();
      await outcome;
    });
    const end = async (how: "COMMIT" | "ROLLBACK") => {
      if (how === "COMMIT") ended.resolve();
      else ended.reject(new Error("rolled back"));
      await outcome;
    };
    return { id: task.id, end };
  };
  return { ...place, backend, openTransaction };
}

async function add(backend: Backend, count: number): Promise<readonly string[]> {
  const tasks = Array.from({ length: count }, () => aTask({ input: '{"to":"a"}' }));
  await backend.store.enqueue({ tasks, atomic: true, now: NOW });
  return tasks.map(({ id }) => id).reverse();
}

test.for(["ReadUncommitted", "ReadCommitted", "RepeatableRead"])(
  "a transaction (%s) that commits after newer ones were seen is found all the same",
  async (isolation, context) => {
    const { backend, openTransaction } = await opened(context);
    const before = await add(backend, 2);
    await listed(backend);
    const transaction = await openTransaction(isolation);
    const after = await add(backend, 3);
    expect(await indexOnce(backend)).toBe(0);
    expect(await listed(backend)).toEqual([...after, ...before]);
    await transaction.end("COMMIT");
    const all = [...after, transaction.id, ...before];
    expect(await listed(backend)).toEqual(all);
    expect(await indexAll(backend)).toBe(6);
    expect(await listed(backend)).toEqual(all);
  },
);

test("transactions that come while one is waited for do not keep the index from growing", async (context) => {
  const { backend, openTransaction } = await opened(context);
  await add(backend, 2);
  await listed(backend);
  const first = await openTransaction("RepeatableRead");
  await add(backend, 1);
  expect(await indexOnce(backend)).toBe(0);
  const second = await openTransaction("RepeatableRead");
  await first.end("ROLLBACK");
  expect(await indexOnce(backend)).toBe(3);
  expect(await indexOnce(backend)).toBe(0);
  const last = await add(backend, 1);
  expect(await indexOnce(backend)).toBe(0);
  await second.end("COMMIT");
  expect(await indexAll(backend)).toBe(2);
  expect((await listed(backend)).slice(0, 2)).toEqual([...last, second.id]);
});

test("the index grows while others enqueue all the time", async (context) => {
  const { backend } = await opened(context);
  await add(backend, 1);
  await listed(backend);
  let isOver = false;
  const enqueuing = Array.from({ length: 4 }, async () => {
    while (!isOver) await add(backend, 1);
  });
  let indexed = 0;
  for (let rounds = 0; indexed < 20 && rounds < 200; rounds++) indexed += await indexOnce(backend);
  isOver = true;
  await Promise.all(enqueuing);
  expect(indexed).toBeGreaterThanOrEqual(20);
  const all = await listed(backend);
  await indexAll(backend);
  expect(await listed(backend)).toEqual(all);
});

test("enqueues and lists go on where the tables of the index have lost their rows", async (context) => {
  const { backend, url } = await opened(context);
  await runOnMariadb({ url }, "DELETE FROM taskwright_input_gate");
  await runOnMariadb({ url }, "DELETE FROM taskwright_input_index");
  const ids = await add(backend, 3);
  expect(await listed(backend)).toEqual(ids);
  expect(await indexOnce(backend)).toBe(0);
});

test("with much under many numbers of the index pages are the same", async (context) => {
  const { backend } = await opened(context);
  const tasks = Array.from({ length: 2_400 }, (_, index) =>
    aTask({ path: `p-${index % 4}`, input: JSON.stringify({ to: "a", from: index % 300 }) }),
  );
  await backend.store.enqueue({ tasks, atomic: true, now: NOW });
  const ids = tasks.map(({ id }) => id).reverse();
  await listed(backend);
  await indexAll(backend);
  expect(await listed(backend)).toEqual(ids.slice(0, 100));
  // Of both kinds: so many numbers that they are looked up together, and more than that.
  for (const most of [40, 299]) {
    const value = Array.from({ length: most }, (_, from) => from);
    const filter = { input: [{ path: ["from"], operator: "in", value }] } as const;
    const answer = await backend.inspector?.list({ filter, cursor: null, offset: 0, limit: 300 });
    const wanted = ids.filter((_, index) => (2_399 - index) % 300 < most);
    expect(answer?.records.map(({ id }) => id)).toEqual(wanted.slice(0, 300));
  }
});

test("a user who may only read lists by what inputs hold", async (context) => {
  const { backend, database, url } = await opened(context);
  const ids = await add(backend, 3);
  const own = await aUser({ database, url });
  await runOnMariadb({ url }, `GRANT SELECT ON \`${database}\`.* TO '${new URL(own).username}'@'%'`);
  const reader = (await onClient(own)).backend;
  await reader.open();
  expect(await listed(reader)).toEqual(ids);
  expect(await indexOnce(backend)).toBe(0);
});
