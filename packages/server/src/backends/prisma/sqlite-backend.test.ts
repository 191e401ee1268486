import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import {
  generateClient,
  prismaOnSqlite,
  type TestPrismaClient,
} from "../../../../../test/harness/prisma/generated-client.ts";
import { aTask, enqueue, NOW, refusal, temporaryFolder } from "../../../../../test/harness/sqlite-store.ts";
import type { Backend } from "../../backend/index.ts";
import { prismaBackend } from "./index.ts";

vi.setConfig({ testTimeout: 30_000 });
await generateClient("sqlite");

async function aClient(folder: string = temporaryFolder()): Promise<TestPrismaClient> {
  const client = await prismaOnSqlite(join(folder, "app.db"));
  onTestFinished(() => client.$disconnect());
  await client.$executeRawUnsafe('CREATE TABLE IF NOT EXISTS "Order" (id TEXT PRIMARY KEY, total INTEGER)');
  return client;
}

async function openOn(client: TestPrismaClient, options: { tablePrefix?: string } = {}): Promise<Backend> {
  const backend = prismaBackend(client, options);
  await backend.schema?.migrate();
  await backend.open();
  onTestFinished(() => backend.close());
  return backend;
}

async function namesIn(client: TestPrismaClient): Promise<string[]> {
  const rows = await client.$queryRawUnsafe<{ name: string }[]>(
    "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name",
  );
  return rows.map(({ name }) => name);
}

/** The processes that this one has started and that still run. */
function children(): number[] {
  const table = execFileSync("ps", ["-A", "-o", "pid=,ppid=,command="], { encoding: "utf8" });
  return table.split("\n").flatMap((line) => {
    const [pid, parent, ...command] = line.trim().split(/\s+/);
    return Number(parent) === process.pid && /taskwright sqlite|sqlite-process-main/.test(command.join(" "))
      ? [Number(pid)]
      : [];
  });
}

test("a database without tables is refused and left as it is, until it is migrated", async () => {
  const client = await aClient();
  const backend = prismaBackend(client);
  expect(await refusal(() => backend.open())).toMatchObject({
    code: "BACKEND_INCOMPATIBLE",
    message: expect.stringContaining("Run `taskwright migrate`"),
  });
  expect(await namesIn(client)).toEqual(["Order"]);
  const pending = await backend.schema?.pending();
  expect(pending?.[0]).toContain("CREATE TABLE");
  expect(await backend.schema?.migrate()).toEqual(pending);
  expect(await backend.schema?.pending()).toEqual([]);
  expect(await backend.schema?.migrate()).toEqual([]);
  await backend.open();
  await enqueue(backend);
  await backend.close();
  expect(children()).toEqual([]);
});

test("tables of a newer version are refused", async () => {
  const client = await aClient();
  await (await openOn(client)).close();
  await client.$executeRawUnsafe("INSERT INTO taskwright_version (version) VALUES (99)");
  const backend = prismaBackend(client);
  const newer = { code: "BACKEND_INCOMPATIBLE", message: expect.stringContaining("A newer version") };
  expect(await refusal(() => backend.open())).toMatchObject(newer);
  expect(await refusal(async () => backend.schema?.migrate())).toMatchObject(newer);
});

test("a prefix begins all names, and keeps two sets of tasks in one file apart", async () => {
  const client = await aClient();
  const one = await openOn(client, { tablePrefix: "one_" });
  const two = await openOn(client, { tablePrefix: "Two_" });
  const names = await namesIn(client);
  expect(names.filter((name) => !/^(one|Two)_/.test(name))).toEqual(["Order"]);
  expect(names).toContain("one_task_due");
  const id = await enqueue(one, { deduplication: { key: "k", until: NOW + 1_000 } });
  expect(await one.store.get({ ids: [id] })).toMatchObject([{ id }]);
  expect(await two.store.get({ ids: [id] })).toEqual([null]);
  expect((await two.inspector?.list({ filter: {}, cursor: null, offset: 0, limit: 9 }))?.records).toEqual([]);
});

test.for<[object, string]>([
  [{ schema: "app" }, "SQLite has no schemas"],
  [{ pool: { query: () => {}, connect: () => {} } }, "takes no pool on SQLite"],
  [{ tablePrefix: "sqlite_" }, "tablePrefix must be"],
  [{ tablePrefix: "a-b" }, "tablePrefix must be"],
])("%o is refused", async ([options, message]) => {
  const client = await aClient();
  expect(await refusal(async () => prismaBackend(client, options))).toMatchObject({
    code: "INVALID_OPTION",
    message: expect.stringContaining(message),
  });
});

test("a database in memory, or on a server, is refused", async () => {
  for (const [file, words] of [
    ["", "is in memory"],
    ["/srv/nowhere/app.db", "seems to be on a server"],
  ] as const) {
    const client = {
      _activeProvider: "sqlite",
      $connect: async () => {},
      $executeRawUnsafe: async () => 0,
      $queryRawUnsafe: async () => [{ seq: 0n, name: "main", file }],
      $transaction: async () => {},
    };
    const backend = prismaBackend(client as never);
    expect(await refusal(() => backend.open())).toMatchObject({
      code: "NOT_SUPPORTED",
      message: expect.stringContaining(words),
    });
  }
});

test("what the client and the backend write at once in one process is all kept", async () => {
  const folder = temporaryFolder();
  const client = await aClient(folder);
  const backend = await openOn(client);
  const orders = Array.from({ length: 200 }, (_, index) => `order ${index}`);
  const writing = orders.map(
    (id) => () => client.$executeRawUnsafe('INSERT INTO "Order" (id, total) VALUES (?, 1)', id),
  );
  const ids: string[] = [];
  for (const write of writing) {
    const [id] = await Promise.all([enqueue(backend), write()]);
    ids.push(id);
  }
  await backend.close();
  const [found] = await client.$queryRawUnsafe<{ orders: bigint; tasks: bigint }[]>(
    'SELECT (SELECT count(*) FROM "Order") AS orders, (SELECT count(*) FROM taskwright_task) AS tasks',
  );
  expect(found).toEqual({ orders: 200n, tasks: 200n });
  // The closing took away no lock of the client's: what it writes now is seen by whoever opens next.
  await client.$executeRawUnsafe('DELETE FROM "Order"');
  await backend.open();
  const other = await aClient(folder);
  expect(await other.$queryRawUnsafe('SELECT count(*) AS n FROM "Order"')).toEqual([{ n: 0n }]);
  expect(await backend.store.get({ ids })).not.toContain(null);
});

test("a transaction of the client that keeps the write lock holds up neither this process nor, after it, the backend", async () => {
  const client = await aClient();
  const backend = await openOn(client);
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 5);
  onTestFinished(() => clearInterval(ticking));
  let stored: Promise<string> | null = null;
  const seen: (number | boolean)[] = [];
  await client.$transaction(async (tx) => {
    await tx.$executeRawUnsafe(`INSERT INTO "Order" (id, total) VALUES ('a', 1)`);
    let isStored = false;
    stored = enqueue(backend).then((id) => {
      isStored = true;
      return id;
    });
    const before = ticks;
    await vi.waitFor(() => expect(ticks).toBeGreaterThan(before + 40), { timeout: 5_000 });
    seen.push(isStored);
  });
  expect(seen).toEqual([false]);
  const id = await (stored as Promise<string> | null);
  expect(await backend.store.get({ ids: [id ?? ""] })).toMatchObject([{ id }]);
});

test("a process that is killed is replaced, watches included", async () => {
  const client = await aClient();
  const backend = await openOn(client);
  const id = await enqueue(backend);
  const wake = vi.fn();
  const stop = backend.wakeups?.watchReady({ queues: "all", wake });
  onTestFinished(() => stop?.());
  // That the watch has begun, which must not be taken for the end of the process.
  await vi.waitFor(() => expect(wake).toHaveBeenCalled());
  wake.mockClear();
  const [pid] = children();
  if (pid === undefined) throw new Error("The backend has no process.");
  process.kill(pid, "SIGKILL");
  await vi.waitFor(() => expect(wake).toHaveBeenCalled());
  expect(await backend.store.get({ ids: [id] })).toMatchObject([{ id }]);
  expect(children()).not.toContain(pid);
  wake.mockClear();
  await backend.store.enqueue({ tasks: [aTask()], atomic: true, now: NOW });
  await vi.waitFor(() => expect(wake).toHaveBeenCalled());
});

test("it can be closed and opened again, and each operation in between is refused", async () => {
  const client = await aClient();
  const backend = await openOn(client);
  const closing = backend.close();
  expect(await refusal(() => backend.store.get({ ids: [] }))).toMatchObject({ code: "CLOSED" });
  const opening = backend.open();
  await closing;
  await opening;
  await enqueue(backend);
  await backend.close();
  expect(
    await refusal(async () =>
      backend.transactions?.run({ client, options: undefined, work: async () => {} }),
    ),
  ).toMatchObject({
    code: "CLOSED",
  });
  expect(children()).toEqual([]);
});
