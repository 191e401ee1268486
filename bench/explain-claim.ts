// Prints the plan of a claim on PostgreSQL beside a million waiting, a million later and a million finished task
// results: node bench/explain-claim.ts
import { randomUUID } from "node:crypto";
import { type PgPool, postgresBackend } from "@taskwright/server/postgres";
import pg from "pg";
import { createSchema, describePostgres, dropSchema, POSTGRES_URL } from "./subjects/postgres-server.ts";

const MILLION = 1_000_000;
const LIMIT = 500;

interface Asked {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** A pool that keeps what is asked of it. */
function watched(pool: pg.Pool, asked: Asked[]): PgPool {
  return {
    query: (query) => {
      asked.push(query);
      return pool.query(query as unknown as pg.QueryConfig);
    },
    connect: () => pool.connect() as unknown as ReturnType<PgPool["connect"]>,
    // None for listening: what is asked here is asked by the claim.
    options: { max: 1 },
  };
}

/** Fills the tables as a million enqueues of each kind do: 90 paths in 9 queues. */
async function fill(pool: pg.Pool, schema: string, now: number): Promise<void> {
  const input = JSON.stringify({ to: "ann@example.com", subject: "Hello", body: "x".repeat(200) });
  const tasks = (from: number, runAfter: string) => `
    INSERT INTO "${schema}".taskwright_task (seq, id, path, queue, priority, rank, run_after, enqueued_at, codec, input, max_retries)
    OVERRIDING SYSTEM VALUE
    SELECT n, gen_random_uuid(), 'task' || n % 90, 'queue' || n % 9, 0, ${runAfter}, ${runAfter}, ${now}, 'json', $1, 3
    FROM generate_series(${from}, ${from + MILLION - 1}) n`;
  const line = (table: string, from: number) => `
    INSERT INTO "${schema}".taskwright_${table} (queue, path, rank, seq, run_after)
    SELECT queue, path, rank, seq, run_after FROM "${schema}".taskwright_task
    WHERE seq BETWEEN ${from} AND ${from + MILLION - 1}`;
  await pool.query(tasks(1, `${now} - ${MILLION} + n`), [input]);
  await pool.query(line("due", 1));
  await pool.query(tasks(MILLION + 1, `${now} + n * 10`), [input]);
  await pool.query(line("later", MILLION + 1));
  await pool.query(tasks(2 * MILLION + 1, `${now} - n`), [input]);
  await pool.query(`
    INSERT INTO "${schema}".taskwright_finished (seq, status, queue, finished_at, lease_token, worker_id, attempted_at)
    SELECT seq, 3, queue, ${now}, 1, 'worker', ${now} FROM "${schema}".taskwright_task WHERE seq > ${2 * MILLION}`);
  for (const table of ["task", "due", "later", "running", "finished"])
    await pool.query(`VACUUM ANALYZE "${schema}".taskwright_${table}`);
}

async function explain(pool: pg.Pool, { text, values }: Asked): Promise<readonly string[]> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const { rows } = await client.query({
      text: `EXPLAIN (ANALYZE, COSTS OFF, SUMMARY) ${text}`,
      values: [...values],
      rowMode: "array",
    });
    return rows.map(([row]) => String(row));
  } finally {
    await client.query("ROLLBACK");
    client.release();
  }
}

const pool = new pg.Pool({ connectionString: POSTGRES_URL, max: 2 });
const schema = await createSchema();
try {
  const asked: Asked[] = [];
  const backend = postgresBackend({ pool: watched(pool, asked), schema });
  await backend.schema?.migrate();
  await backend.open();
  const now = Date.now();
  await fill(pool, schema, now);
  const claim = (paths: readonly string[], queues: readonly string[] | "all") =>
    backend.leases?.claim({
      workerId: randomUUID(),
      tasks: paths.map((path) => ({ path, lease: 60_000 })),
      queues,
      limit: LIMIT,
      now,
    });
  const paths = Array.from({ length: 90 }, (_, n) => `task${n}`);
  console.log(await describePostgres());
  for (const [what, queues] of [
    ["of all queues", "all"],
    ["of one queue", ["queue3"]],
  ] as const) {
    await claim(paths, queues);
    asked.length = 0;
    await claim(paths, queues);
    const statement = asked.find(({ text }) => text.includes("SKIP LOCKED") && text.includes("lease_token"));
    if (statement === undefined) throw new Error("No claim was asked.");
    console.log(`\nA claim of ${LIMIT} ${what}:\n\n${(await explain(pool, statement)).join("\n")}`);
  }
  await backend.close();
} finally {
  await dropSchema(schema);
  await pool.end();
}
