import type { Backend } from "@taskwright/server/backend";
import type pg from "pg";
import { afterAll } from "vitest";
import { onPostgres } from "../harness/postgres-schema.ts";
import { type FoundService, findService, type MissingService } from "../harness/services.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import type { BackendExercise } from "./exercise.ts";
import { POSTGRES_URL_VARIABLE, postgresUrl, schemaOf } from "./open-postgres.ts";
import type { StoreContext } from "./store-fixture.ts";

/** The ways of the cases to the server, by namespace. */
const proxies = new Map<string, TcpProxy>();

/** More rows than most cases make; what held them is slower afterwards, though empty. */
const MANY_ROWS = 2_000;

/** Schemas that are empty again. */
const free: string[] = [];

afterAll(async () => {
  if (free.length === 0) return;
  const schemas = free.map((name) => `"${name}"`).join(", ");
  await onPostgres(postgresUrl(), (client) => client.query(`DROP SCHEMA IF EXISTS ${schemas} CASCADE`));
});

async function tablesOf(client: pg.Client, schema: string): Promise<string[]> {
  const { rows } = await client.query("SELECT tablename FROM pg_tables WHERE schemaname = $1", [schema]);
  return rows.map(({ tablename }) => `"${schema}"."${tablename}"`);
}

async function sumOfRows(client: pg.Client, tables: readonly string[]): Promise<number> {
  const counts = tables.map((table) => `SELECT count(*) AS n FROM ${table}`);
  const { rows } = await client.query(
    `SELECT sum(n)::integer AS n FROM (${counts.join(" UNION ALL ")}) counts`,
  );
  return Number(rows[0].n);
}

/** Gives a case a schema of its own, under its own name; making the tables takes long, so that cases have them one after another. */
async function provideSchema(schema: string): Promise<void> {
  const used = free.pop();
  const statement =
    used === undefined ? `CREATE SCHEMA "${schema}"` : `ALTER SCHEMA "${used}" RENAME TO "${schema}"`;
  await onPostgres(postgresUrl(), (client) => client.query(statement));
}

/** Brings a schema back to what it was when its tables were made, or drops it where that is no gain. */
async function returnSchema(schema: string): Promise<void> {
  await onPostgres(postgresUrl(), async (client) => {
    const tables = await tablesOf(client, schema);
    const isWhole = tables.includes(`"${schema}"."taskwright_version"`);
    if (!isWhole || (await sumOfRows(client, tables)) > MANY_ROWS) {
      await client.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
      return;
    }
    const statements = tables.flatMap((table) => {
      if (!table.includes('."taskwright_')) return [`DROP TABLE ${table}`];
      return table.endsWith(`version"`) ? [] : [`DELETE FROM ${table}`];
    });
    statements.push(`INSERT INTO "${schema}".taskwright_input_index (id) VALUES (1)`);
    await client.query(statements.join("; "));
    free.push(schema);
  });
}

/** Looks for a server, and tells the processes that cases start where it is. */
export async function findPostgres(): Promise<FoundService | MissingService> {
  const service = await findService("postgres");
  if (service.found) process.env[POSTGRES_URL_VARIABLE] = service.location;
  return service;
}

/** What cases on PostgreSQL need, whatever runs the statements: a schema of their own, and a way there that can be cut. */
export function postgresExercise(
  make: (context: StoreContext, url: string) => Backend | Promise<Backend>,
): Pick<BackendExercise, "open" | "remove" | "unstorable" | "breakage" | "footprint"> {
  return {
    open: async (context) => {
      await provideSchema(schemaOf(context));
      const url = new URL(postgresUrl());
      const proxy = await TcpProxy.open({ host: url.hostname, port: Number(url.port || 5432) });
      proxies.set(context.namespace, proxy);
      url.port = String(proxy.port);
      const backend = await make(context, url.href);
      await backend.schema?.migrate();
      await backend.open();
      return backend;
    },
    remove: async (context) => {
      proxies.get(context.namespace)?.cut();
      proxies.delete(context.namespace);
      await returnSchema(schemaOf(context));
    },
    // No column may be null that a task always has; core never lets such a task through.
    unstorable: { spoil: (task) => ({ ...task, codec: null as unknown as string }) },
    breakage: { inflict: async ({ namespace }) => proxies.get(namespace)?.cut() },
    footprint: {
      measure: (context) =>
        onPostgres(postgresUrl(), async (client) =>
          sumOfRows(client, await tablesOf(client, schemaOf(context))),
        ),
    },
  };
}
