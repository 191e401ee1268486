import { randomBytes } from "node:crypto";
import pg from "pg";

/** Where the server is. */
export const POSTGRES_URL =
  process.env.TASKWRIGHT_TEST_POSTGRES_URL ?? "postgresql://root@127.0.0.1:5432/test";

const SETTINGS = ["fsync", "synchronous_commit", "autovacuum", "shared_buffers", "max_wal_size"];

async function onServer<T>(run: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: POSTGRES_URL });
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}

/** Makes a schema for one store; answers its name. */
export async function createSchema(): Promise<string> {
  const name = `tw_bench_${randomBytes(6).toString("hex")}`;
  await onServer((client) => client.query(`CREATE SCHEMA ${name}`));
  return name;
}

/** Drops a schema and what is in it. */
export async function dropSchema(name: string): Promise<void> {
  await onServer((client) => client.query(`DROP SCHEMA IF EXISTS ${name} CASCADE`));
}

/** The server's version and the settings that decide about speed, for people. */
export async function describePostgres(): Promise<string> {
  return onServer(async (client) => {
    const settings = SETTINGS.map((name) => `current_setting('${name}') AS ${name}`).join(", ");
    const { rows } = await client.query(`SELECT current_setting('server_version') AS version, ${settings}`);
    const [{ version, ...values }] = rows;
    const texts = Object.entries(values).map(([name, value]) => `${name} ${value}`);
    return [`PostgreSQL ${version}`, ...texts].join(", ");
  });
}

/** Counts what this process sends through `pg`, whoever sends it; call it before connections are made. */
export function countStatements(): () => number {
  let count = 0;
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function counted(this: pg.Client, ...given: unknown[]) {
    count++;
    return Reflect.apply(query, this, given);
  } as typeof query;
  return () => count;
}
