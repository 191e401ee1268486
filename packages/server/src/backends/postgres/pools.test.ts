import { initTasks } from "@taskwright/shared";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import {
  aPostgresTask,
  claimAll,
  freshSchema,
  openMigrated,
  type PostgresPlace,
  runSql,
} from "../../../../../test/harness/postgres-store.ts";
import { NOW, refusal } from "../../../../../test/harness/sqlite-store.ts";
import { createTaskServer } from "../../index.ts";
import { createWorker } from "../../worker/index.ts";
import { postgresBackend } from "./index.ts";

function aPool({ url }: PostgresPlace, options: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, ...options });
  onTestFinished(() => (pool.ended ? undefined : pool.end()));
  return pool;
}

test("a pool whose connections are all taken is told of, by name, and serves again when one is back", async (context) => {
  const place = await freshSchema(context);
  const pool = aPool(place, { max: 1, connectionTimeoutMillis: 200 });
  const backend = await openMigrated(postgresBackend({ pool, schema: place.schema }));
  const taken = await pool.connect();
  const task = aPostgresTask();
  const error = await refusal(() => backend.store.enqueue({ tasks: [task], atomic: true, now: NOW }));
  expect(error).toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message:
      "PostgreSQL: every connection of the pool was in use for too long; give the pool more connections (max), or release those that your code has taken.",
    retryable: true,
  });
  const waiting = backend.store.enqueue({ tasks: [task], atomic: true, now: NOW });
  taken.release();
  expect(await waiting).toEqual([{ outcome: "stored" }]);
  expect(await claimAll(backend)).toHaveLength(1);
});

test("a pool that its owner has ended is told of", async (context) => {
  const place = await freshSchema(context);
  const pool = aPool(place, {});
  const backend = await openMigrated(postgresBackend({ pool, schema: place.schema }));
  await pool.end();
  expect(await refusal(() => claimAll(backend))).toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: "PostgreSQL: its pool has been ended; end it after the backend.",
  });
});

test("a worker on a pool of one connection runs tasks, and an examination says that nobody listens", async (context) => {
  const place = await freshSchema(context);
  const backend = await openMigrated(
    postgresBackend({ pool: aPool(place, { max: 1 }), schema: place.schema }),
  );
  const t = initTasks.create();
  const server = createTaskServer({
    tasks: t.router({ work: t.task }),
    backend,
    handlers: { work: () => {} },
  });
  const worker = createWorker(server, { interval: "100ms" });
  onTestFinished(() => worker.stop());
  await worker.start();
  const other = await openMigrated(postgresBackend(place));
  const task = aPostgresTask({ path: "work", input: null, runAfter: 0 });
  await other.store.enqueue({ tasks: [task], atomic: true, now: Date.now() });
  await expect.poll(async () => (await other.store.get({ ids: [task.id] }))[0]?.status).toBe("SUCCESSFUL");
  const listeners = await runSql(place, `SELECT 1 FROM "${place.schema}".taskwright_listener`);
  expect(listeners).toEqual([]);
  const warning = {
    level: "warning",
    message:
      "The pool has a single connection, so none can LISTEN: idle workers look at every interval instead of being told. Give the pool at least 2 (max).",
  };
  expect(await backend.diagnose()).toContainEqual(warning);
  expect(await other.diagnose()).not.toContainEqual(warning);
});

test("several backends share a pool of two connections", async (context) => {
  const place = await freshSchema(context);
  const pool = aPool(place, { max: 2 });
  const backend = await openMigrated(postgresBackend({ pool, schema: place.schema }));
  const other = await openMigrated(postgresBackend({ pool, schema: place.schema, tablePrefix: "other_" }));
  onTestFinished(backend.wakeups?.watchReady({ queues: "all", wake: () => {} }) ?? (() => {}));
  const task = aPostgresTask();
  for (const one of [backend, other]) {
    await one.store.enqueue({ tasks: [task], atomic: true, now: NOW });
    expect((await claimAll(one)).map(({ id }) => id)).toEqual([task.id]);
  }
  await other.close();
  expect(pool.listenerCount("error")).toBe(1);
});

test("what a claim took is not lost when the store goes away before it tells when more is due", async (context) => {
  const place = await freshSchema(context);
  const pool = aPool(place, {});
  const unwell = {
    connect: () => pool.connect(),
    query: (query: { readonly name?: string }) =>
      query.name?.startsWith("taskwright_read_early") === true
        ? Promise.reject(Object.assign(new Error("gone"), { code: "ECONNRESET" }))
        : pool.query(query as pg.QueryArrayConfig),
  };
  const backend = await openMigrated(postgresBackend({ pool: unwell, schema: place.schema }));
  const task = aPostgresTask();
  await backend.store.enqueue({ tasks: [task], atomic: true, now: NOW });
  expect((await claimAll(backend)).map(({ id }) => id)).toEqual([task.id]);
});

test("a backend that closes takes back what it has announced, so that nobody notifies it any more", async (context) => {
  const place = await freshSchema(context);
  const backend = await openMigrated(postgresBackend(place));
  backend.wakeups?.watchReady({ queues: "all", wake: () => {} });
  const listeners = () => runSql(place, `SELECT 1 FROM "${place.schema}".taskwright_listener`);
  await expect.poll(listeners).toHaveLength(1);
  await backend.close();
  expect(await listeners()).toEqual([]);
});
