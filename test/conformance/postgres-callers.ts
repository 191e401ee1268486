import pg from "pg";
import { onPostgres } from "../harness/postgres-schema.ts";
import { prismaOn } from "../harness/prisma/generated-client.ts";
import { postgresUrl, schemaOf } from "./open-postgres.ts";
import type { CallersDatabase, StoreContext } from "./store-fixture.ts";

/** Makes an application's table beside the tasks, and gives its name. */
export async function makeCallersTable(context: StoreContext): Promise<string> {
  const table = `"${schemaOf(context)}"."callers_line"`;
  await onPostgres(postgresUrl(), (client) => client.query(`CREATE TABLE ${table} (line text)`));
  return table;
}

/** An application's table, and a pool of `pg`. */
export async function poolCallersOf(table: string): Promise<CallersDatabase> {
  const pool = new pg.Pool({ connectionString: postgresUrl() });
  return {
    source: pool,
    begin: async (work) => {
      const client = await pool.connect();
      try {
        await client.query("BEGIN");
        const result = await work(client as never);
        await client.query("COMMIT");
        return result;
      } catch (error) {
        await client.query("ROLLBACK");
        throw error;
      } finally {
        client.release();
      }
    },
    write: async (tx, line) => {
      await (tx as pg.PoolClient).query(`INSERT INTO ${table} VALUES ($1)`, [line]);
    },
    lines: async () => {
      const { rows } = await pool.query(`SELECT line FROM ${table} ORDER BY line`);
      return rows.map((row) => row.line);
    },
    close: () => pool.end(),
  };
}

/** An application's table, and a Prisma client. */
export async function prismaCallersOf(table: string): Promise<CallersDatabase> {
  const client = await prismaOn(postgresUrl());
  return {
    source: client,
    begin: (work) => client.$transaction((tx) => work(tx as never)),
    write: async (tx, line) => {
      await (tx as typeof client).$queryRawUnsafe(`INSERT INTO ${table} VALUES ($1)`, line);
    },
    lines: async () => {
      const rows = await client.$queryRawUnsafe<{ line: string }[]>(
        `SELECT line FROM ${table} ORDER BY line`,
      );
      return rows.map(({ line }) => line);
    },
    close: () => client.$disconnect(),
  };
}

/** {@link poolCallersOf} a new table. */
export async function poolCallers(context: StoreContext): Promise<CallersDatabase> {
  return poolCallersOf(await makeCallersTable(context));
}

/** {@link prismaCallersOf} a new table. */
export async function prismaCallers(context: StoreContext): Promise<CallersDatabase> {
  return prismaCallersOf(await makeCallersTable(context));
}
