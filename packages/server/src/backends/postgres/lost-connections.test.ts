import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
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
import { TcpProxy } from "../../../../../test/harness/tcp-proxy.ts";
import { statementOf } from "../sql/statement-of.ts";
import { postgresBackend } from "./index.ts";
import { poolConnection } from "./pool-connection.ts";

/** A way to the server that can be cut, and its URL. */
async function cuttable({ url }: PostgresPlace): Promise<{ readonly proxy: TcpProxy; readonly url: string }> {
  const own = new URL(url);
  const proxy = await TcpProxy.open({ host: own.hostname, port: Number(own.port || 5432) });
  onTestFinished(() => proxy.cut());
  own.port = String(proxy.port);
  return { proxy, url: own.href };
}

/** Makes every statement that adds to a table take its time, so that a test can act while it runs. */
function slowDown({ url, schema }: PostgresPlace, table: "task" | "running"): Promise<unknown> {
  return runSql(
    { url },
    `CREATE FUNCTION "${schema}".slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.4); RETURN new; END';
    CREATE TRIGGER slow BEFORE INSERT ON "${schema}".taskwright_${table} FOR EACH ROW EXECUTE FUNCTION "${schema}".slow()`,
  );
}

/** Waits until a statement on the test's tables has been slowed down. */
async function untilSlow({ url, schema }: PostgresPlace): Promise<void> {
  const sleeping = `SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%${schema}%'`;
  await until(async () => (await runSql({ url }, sleeping)).length > 0);
}

/** Waits until a session of the server listens to the test's store, other than `before`, and gives its process. */
function listener({ url, schema }: PostgresPlace, before = 0): Promise<number> {
  const version = createHash("sha256").update(`"${schema}"."taskwright_version"`).digest("hex");
  const listening = `SELECT pid FROM pg_stat_activity
    WHERE query = 'LISTEN "taskwright_${version.slice(0, 16)}"' AND state = 'idle' AND pid <> ${before}`;
  return until(async () => {
    const [row] = await runSql({ url }, listening);
    return row === undefined ? undefined : Number(row.pid);
  });
}

async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (let looks = 0; looks < 400; looks++) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    await pause(25);
  }
  throw new Error(`It did not become so: ${look}`);
}

const KEYED = { deduplication: { key: "one", until: NOW + 60_000 } };

test.for([
  ["without a key", {}],
  ["with a deduplication key", KEYED],
] as const)(
  "an enqueue %s whose connection is cut before its answer is stored once, and resolves",
  async ([, given], context) => {
    const place = await freshSchema(context);
    const { proxy, url } = await cuttable(place);
    const backend = await openMigrated(postgresBackend({ url, schema: place.schema }));
    await slowDown(place, "task");
    const task = aPostgresTask(given);
    const enqueued = backend.store.enqueue({ tasks: [task], atomic: true, now: NOW });
    await untilSlow(place);
    // The server goes on with the statement: it writes its answer to nobody.
    proxy.breakConnections();
    expect(await enqueued).toEqual([{ outcome: "stored" }]);
    expect((await claimAll(backend)).map(({ id }) => id)).toEqual([task.id]);
  },
);

test("an enqueue whose store stays away after its connection was cut rejects within seconds", async (context) => {
  const place = await freshSchema(context);
  const { proxy, url } = await cuttable(place);
  const backend = await openMigrated(postgresBackend({ url, schema: place.schema }));
  await slowDown(place, "task");
  const enqueued = refusal(() => backend.store.enqueue({ tasks: [aPostgresTask()], atomic: true, now: NOW }));
  await untilSlow(place);
  proxy.cut();
  expect(await enqueued).toMatchObject({ code: "BACKEND_UNAVAILABLE", retryable: true });
}, 15_000);

test("a claim whose connection is cut is not repeated by the store", async (context) => {
  const place = await freshSchema(context);
  const { proxy, url } = await cuttable(place);
  const backend = await openMigrated(postgresBackend({ url, schema: place.schema }));
  await backend.store.enqueue({ tasks: [aPostgresTask()], atomic: true, now: NOW });
  await slowDown(place, "running");
  const claimed = refusal(() => claimAll(backend));
  await untilSlow(place);
  proxy.breakConnections();
  expect((await claimed).code).toBe("BACKEND_UNAVAILABLE");
});

test("the connection that listens is made again when the server ends it, and what was enqueued meanwhile wakes", async (context) => {
  const place = await freshSchema(context);
  const [worker, client] = [
    await openMigrated(postgresBackend(place)),
    await openMigrated(postgresBackend(place)),
  ];
  let wakes = 0;
  const stop = worker.wakeups?.watchReady({ queues: "all", wake: () => wakes++ });
  onTestFinished(() => stop?.());
  expect(await claimAll(worker)).toEqual([]);
  let listening = await listener(place);
  for (let round = 0; round < 3; round++) {
    await runSql(place, `SELECT pg_terminate_backend(${listening})`);
    wakes = 0;
    await client.store.enqueue({ tasks: [aPostgresTask()], atomic: true, now: NOW });
    await until(async () => wakes > 0);
    expect(await claimAll(worker)).toHaveLength(1);
    listening = await listener(place, listening);
    // A new connection makes watchers look twice; then notices alone wake.
    await pause(200);
    expect(await claimAll(worker)).toEqual([]);
    wakes = 0;
    await client.store.enqueue({ tasks: [aPostgresTask()], atomic: true, now: NOW });
    await until(async () => wakes > 0);
    expect(await claimAll(worker)).toHaveLength(1);
    expect(await claimAll(worker)).toEqual([]);
  }
}, 30_000);

test("a connection that ends between the statements of a transaction does not end the process", async (context) => {
  const { url } = await freshSchema(context);
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  onTestFinished(() => pool.end());
  const select = statementOf("pid", "SELECT pg_backend_pid()");
  const undone = poolConnection(pool).transaction(async (executor) => {
    const [row] = await executor.rows(select, []);
    await runSql({ url }, `SELECT pg_terminate_backend(${row?.[0]})`);
    await pause(100);
    await executor.rows(select, []);
  });
  await expect(undone).rejects.toThrow();
  expect(await poolConnection(pool).rows(select, [])).toHaveLength(1);
});

test("a given pool whose idle connections break does not end the process", async (context) => {
  const place = await freshSchema(context);
  const pool = new pg.Pool({ connectionString: place.url, application_name: place.schema });
  onTestFinished(() => pool.end());
  const backend = await openMigrated(postgresBackend({ pool, schema: place.schema }));
  await runSql(
    place,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '${place.schema}'`,
  );
  await until(async () => pool.totalCount === 0);
  await backend.store.enqueue({ tasks: [aPostgresTask()], atomic: true, now: NOW });
  await backend.close();
  expect(pool.listenerCount("error")).toBe(0);
});

test("a connection that leads nowhere is given up, so that it does not stay taken", async (context) => {
  const { url } = await freshSchema(context);
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  onTestFinished(() => pool.end());
  const connection = poolConnection(pool, { ms: 200, longMs: 60_000 });
  const mute = connection.rows(statementOf("mute", "SELECT pg_sleep(3)"), []);
  await expect(mute).rejects.toThrow("Query read timeout");
  expect(await connection.rows(statementOf("one", "SELECT 1"), [])).toEqual([[1]]);
  const long = { ...statementOf("long", "SELECT pg_sleep(0.5)"), isLong: true };
  expect(await connection.rows(long, [])).toHaveLength(1);
  const wait = { name: "", text: "SELECT pg_sleep(0.5)" };
  expect(await connection.transaction((executor) => executor.rows(wait, []))).toHaveLength(1);
});
