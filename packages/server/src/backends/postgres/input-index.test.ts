import { randomUUID } from "node:crypto";
import pg from "pg";
import { expect, onTestFinished, type TestContext, test } from "vitest";
import {
  aPostgresTask,
  aRole,
  freshSchema,
  openMigrated,
  type PostgresPlace,
  runSql,
} from "../../../../../test/harness/postgres-store.ts";
import { NOW } from "../../../../../test/harness/sqlite-store.ts";
import type { Backend } from "../../backend/index.ts";
import { postgresBackend } from "./index.ts";

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
  for (let indexed = -1; indexed !== 0; all += indexed) indexed = await indexOnce(backend);
  return all;
}

async function opened(context: TestContext): Promise<PostgresPlace & { readonly backend: Backend }> {
  const place = await freshSchema(context);
  return { ...place, backend: await openMigrated(postgresBackend(place)) };
}

/** A transaction that has stored a task result, and is open until `end` is called. */
async function openTransaction({ url, schema }: PostgresPlace) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  const id = randomUUID();
  await client.query("BEGIN");
  await client.query(`INSERT INTO "${schema}".taskwright_task
    (id, path, queue, priority, rank, run_after, enqueued_at, codec, input, max_retries)
    VALUES ('${id}', 'mail.send', 'default', 0, 1, 1, 1, 'json', '{"to":"a"}', 0)`);
  return { id, end: (how: "COMMIT" | "ROLLBACK") => client.query(how) };
}

async function add(backend: Backend, count: number): Promise<readonly string[]> {
  const tasks = Array.from({ length: count }, () => aPostgresTask({ input: '{"to":"a"}' }));
  await backend.store.enqueue({ tasks, atomic: true, now: NOW });
  return tasks.map(({ id }) => id).reverse();
}

test("a transaction that commits after newer ones were indexed is found all the same", async (context) => {
  const place = await opened(context);
  const { backend } = place;
  const before = await add(backend, 2);
  await listed(backend);
  const transaction = await openTransaction(place);
  const after = await add(backend, 3);
  expect(await indexOnce(backend)).toBe(0);
  expect(await listed(backend)).toEqual([...after, ...before]);
  await transaction.end("COMMIT");
  const all = [...after, transaction.id, ...before];
  expect(await listed(backend)).toEqual(all);
  expect(await indexAll(backend)).toBe(6);
  expect(await listed(backend)).toEqual(all);
});

test("transactions that come while one is waited for do not keep the index from growing", async (context) => {
  const place = await opened(context);
  const { backend } = place;
  await add(backend, 2);
  await listed(backend);
  const first = await openTransaction(place);
  await add(backend, 1);
  expect(await indexOnce(backend)).toBe(0);
  const second = await openTransaction(place);
  await first.end("ROLLBACK");
  expect(await indexOnce(backend)).toBe(3);
  expect(await indexOnce(backend)).toBe(0);
  const last = await add(backend, 1);
  expect(await indexOnce(backend)).toBe(0);
  await second.end("COMMIT");
  expect(await indexAll(backend)).toBe(2);
  expect((await listed(backend)).slice(0, 2)).toEqual([...last, second.id]);
});

test("a user who may only read lists by what inputs hold", async (context) => {
  const place = await opened(context);
  const ids = await add(place.backend, 3);
  const url = await aRole(place, ["default_transaction_read_only = on"]);
  await runSql(
    place,
    `GRANT USAGE ON SCHEMA "${place.schema}" TO "${place.schema}_role";
    GRANT SELECT ON ALL TABLES IN SCHEMA "${place.schema}" TO "${place.schema}_role"`,
  );
  const reader = postgresBackend({ url, schema: place.schema });
  await reader.open();
  onTestFinished(() => reader.close());
  expect(await listed(reader)).toEqual(ids);
  expect(await indexOnce(place.backend)).toBe(0);
});
