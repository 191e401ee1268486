import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import {
  generateClient,
  prismaOnSqlite,
  type TestPrismaClient,
} from "../../../../../test/harness/prisma/generated-client.ts";
import { aTask, claim, NOW, refusal, temporaryFolder } from "../../../../../test/harness/sqlite-store.ts";
import type { Backend, NewTask, Transactions } from "../../backend/index.ts";
import { prismaBackend } from "./index.ts";

vi.setConfig({ testTimeout: 30_000 });
await generateClient("sqlite");

interface Subject {
  readonly client: TestPrismaClient;
  readonly backend: Backend;
  readonly transactions: Transactions;
}

async function aSubject(): Promise<Subject> {
  const client = await prismaOnSqlite(join(temporaryFolder(), "app.db"));
  onTestFinished(() => client.$disconnect());
  await client.$executeRawUnsafe('CREATE TABLE "Order" (id TEXT PRIMARY KEY)');
  const backend = prismaBackend(client, { tablePrefix: "tw_" });
  await backend.schema?.migrate();
  await backend.open();
  onTestFinished(() => backend.close());
  const { transactions } = backend;
  if (transactions === undefined) throw new Error("There are no transactions.");
  return { client, backend, transactions };
}

function inside(transaction: unknown, ...tasks: NewTask[]) {
  return { transaction, tasks, atomic: true, now: NOW };
}

async function orders({ client }: Subject): Promise<bigint | undefined> {
  const [row] = await client.$queryRawUnsafe<{ n: bigint }[]>('SELECT count(*) AS n FROM "Order"');
  return row?.n;
}

const SAVE_ORDER = `INSERT INTO "Order" (id) VALUES ('a')`;

test("a task is seen after the caller's commit and not before, and comes back as it was given", async () => {
  const subject = await aSubject();
  const { client, backend, transactions } = subject;
  const task = aTask({ tags: ["a"], parentId: "p", priority: -3, rank: NOW - 90_000, expiresAt: NOW + 1 });
  const later = aTask({ runAfter: NOW + 5_000 });
  await client.$transaction(async (tx: TestPrismaClient) => {
    await tx.$executeRawUnsafe(SAVE_ORDER);
    const outcomes = await transactions.enqueue(inside(tx, task, later));
    expect(outcomes).toEqual([{ outcome: "stored" }, { outcome: "stored" }]);
    expect(await backend.store.get({ ids: [task.id] })).toEqual([null]);
  });
  const direct = aTask({ ...task, id: "direct" });
  await backend.store.enqueue({ tasks: [direct], atomic: true, now: NOW });
  const [record, beside] = await backend.store.get({ ids: [task.id, direct.id] });
  expect(record).toEqual({ ...beside, id: task.id });
  expect((await claim(backend)).map(({ id }) => id)).toEqual([task.id, direct.id]);
  expect(await orders(subject)).toBe(1n);
});

test("a transaction that is rolled back leaves neither task nor data", async () => {
  const subject = await aSubject();
  const task = aTask({ deduplication: { key: "k", until: NOW + 1_000 } });
  const failure = new Error("no");
  await expect(
    subject.client.$transaction(async (tx: TestPrismaClient) => {
      await tx.$executeRawUnsafe(SAVE_ORDER);
      await subject.transactions.enqueue(inside(tx, task));
      throw failure;
    }),
  ).rejects.toBe(failure);
  expect(await subject.backend.store.get({ ids: [task.id] })).toEqual([null]);
  expect(await orders(subject)).toBe(0n);
});

test("deduplication holds inside a transaction as it does outside, and a repeated id changes nothing", async () => {
  const { client, backend, transactions } = await aSubject();
  const deduplication = { key: "k", until: NOW + 1_000 };
  const [first, second, third] = [
    aTask({ deduplication }),
    aTask({ deduplication }),
    aTask({ deduplication }),
  ];
  await client.$transaction(async (tx: unknown) => {
    expect(await transactions.enqueue(inside(tx, first, second, first))).toEqual([
      { outcome: "stored" },
      { outcome: "deduplicated", id: first.id, status: "READY" },
      { outcome: "stored" },
    ]);
  });
  expect(await backend.store.enqueue({ tasks: [third], atomic: true, now: NOW })).toEqual([
    { outcome: "deduplicated", id: first.id, status: "READY" },
  ]);
});

test("one that is refused fails alone unless the batch is atomic, and the transaction goes on", async () => {
  const { client, backend, transactions } = await aSubject();
  const [good, bad] = [aTask(), aTask({ codec: null as unknown as string })];
  await client.$transaction(async (tx: unknown) => {
    const refused = await refusal(() => transactions.enqueue(inside(tx, bad)));
    expect(refused).toMatchObject({ code: "BACKEND_INCOMPATIBLE", retryable: false });
    const outcomes = await transactions.enqueue({ ...inside(tx, bad, good), atomic: false });
    expect(outcomes).toMatchObject([
      { outcome: "failed", error: { code: "BACKEND_INCOMPATIBLE" } },
      { outcome: "stored" },
    ]);
  });
  expect((await claim(backend)).map(({ id }) => id)).toEqual([good.id]);
});

test("what is no client of a transaction is refused before anything is sent", async () => {
  const { client, transactions } = await aSubject();
  for (const wrong of [undefined, null, 1, "tx", {}, { $queryRawUnsafe: () => {} }, client]) {
    expect(await refusal(() => transactions.check(wrong))).toMatchObject({ code: "INVALID_OPTION" });
    expect(await refusal(() => transactions.enqueue(inside(wrong, aTask())))).toMatchObject({
      code: "INVALID_OPTION",
    });
  }
  const raw = { $queryRawUnsafe: vi.fn(), $executeRawUnsafe: vi.fn() };
  expect(await refusal(() => transactions.check({ ...raw, _activeProvider: "postgresql" }))).toMatchObject({
    code: "INVALID_OPTION",
    message: expect.stringContaining("leads to postgresql"),
  });
  expect(raw.$queryRawUnsafe).not.toHaveBeenCalled();
  await client.$transaction(async (tx: unknown) => transactions.check(tx));
});

test("a transaction on another file is refused, and what it holds stays untouched", async () => {
  const [subject, other] = [await aSubject(), await aSubject()];
  const task = aTask();
  await other.client.$transaction(async (tx: unknown) => {
    expect(await refusal(() => subject.transactions.enqueue(inside(tx, task)))).toMatchObject({
      code: "INVALID_OPTION",
    });
  });
  expect(await other.backend.store.get({ ids: [task.id] })).toEqual([null]);
  const work = vi.fn();
  expect(
    await refusal(() => subject.transactions.run({ options: undefined, client: other.client, work })),
  ).toMatchObject({
    code: "INVALID_OPTION",
  });
  expect(work).not.toHaveBeenCalled();
});

test("a transaction that has ended or expired is told so, and nothing is stored", async () => {
  const { client, backend, transactions } = await aSubject();
  const [early, late, slow] = [aTask(), aTask(), aTask()];
  let kept: unknown;
  await client.$transaction(async (tx: unknown) => {
    kept = tx;
    await transactions.enqueue(inside(tx, early));
  });
  const ended = { code: "TRANSACTION_ENDED", retryable: false };
  expect(await refusal(() => transactions.enqueue(inside(kept, late)))).toMatchObject(ended);
  const expiring = client.$transaction(
    async (tx: unknown) => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(await refusal(() => transactions.enqueue(inside(tx, slow)))).toMatchObject(ended);
    },
    { timeout: 20 },
  );
  await expect(expiring).rejects.toMatchObject({ code: "P2028" });
  const found = await backend.store.get({ ids: [early.id, late.id, slow.id] });
  expect(found.map((record) => record?.id)).toEqual([early.id, undefined, undefined]);
});

test("run commits, or rolls back with the error of its work; what was committed wakes this process at once", async () => {
  const subject = await aSubject();
  const { client, backend, transactions } = subject;
  const wake = vi.fn();
  const stop = backend.wakeups?.watchReady({ queues: "all", wake });
  onTestFinished(() => stop?.());
  const [kept, lost] = [aTask(), aTask()];
  const failure = new Error("no");
  const failing = transactions.run({
    options: undefined,
    client,
    work: async (tx) => {
      await transactions.enqueue(inside(tx, lost));
      throw failure;
    },
  });
  await expect(failing).rejects.toBe(failure);
  const value = await transactions.run({
    options: undefined,
    client,
    work: async (tx) => {
      await (tx as TestPrismaClient).$executeRawUnsafe(SAVE_ORDER);
      await transactions.enqueue(inside(tx, kept));
      return "done";
    },
  });
  expect(value).toBe("done");
  wake.mockClear();
  transactions.committed();
  expect(wake).toHaveBeenCalledOnce();
  expect(await orders(subject)).toBe(1n);
  const found = await backend.store.get({ ids: [kept.id, lost.id] });
  expect(found.map((record) => record?.id)).toEqual([kept.id, undefined]);
  expect(
    await refusal(() => transactions.run({ options: undefined, client: {}, work: async () => {} })),
  ).toMatchObject({
    code: "INVALID_OPTION",
  });
});

test("a commit of the caller wakes workers that know nothing of it", async () => {
  const { client, backend, transactions } = await aSubject();
  const wake = vi.fn();
  const stop = backend.wakeups?.watchReady({ queues: "all", wake });
  onTestFinished(() => stop?.());
  // It wakes once when it has begun in the other process.
  await vi.waitFor(() => expect(wake).toHaveBeenCalled());
  wake.mockClear();
  await client.$transaction((tx: unknown) => transactions.enqueue(inside(tx, aTask())));
  await vi.waitFor(() => expect(wake).toHaveBeenCalled());
});

test("run lets nobody write between its reads and its enqueue, where a transaction that reads first is refused", async () => {
  const { client, backend, transactions } = await aSubject();
  const writes: Promise<unknown>[] = [];
  const work = async (tx: unknown): Promise<string> => {
    await (tx as TestPrismaClient).$queryRawUnsafe('SELECT count(*) AS n FROM "Order"');
    const write = backend.store.enqueue({ tasks: [aTask()], atomic: true, now: NOW });
    writes.push(write);
    const pause = new Promise<string>((resolve) => setTimeout(() => resolve("waits"), 200));
    const fate = await Promise.race([write.then(() => "written"), pause]);
    await transactions.enqueue(inside(tx, aTask()));
    return fate;
  };
  expect(await refusal(() => client.$transaction(work))).toMatchObject({ code: "BACKEND_UNAVAILABLE" });
  expect(await transactions.run({ options: undefined, client, work })).toBe("waits");
  await Promise.all(writes);
  expect(await claim(backend)).toHaveLength(3);
});
