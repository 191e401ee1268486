import { onMariadb } from "../harness/mariadb-server.ts";
import { prismaOnMariadb } from "../harness/prisma/generated-client.ts";
import { databaseOf, mariadbUrl } from "./open-mariadb.ts";
import type { CallersDatabase, StoreContext } from "./store-fixture.ts";

/** Makes an application's table beside the tasks, and gives its name. */
export async function makeMariadbCallersTable(context: StoreContext): Promise<string> {
  const table = `\`${databaseOf(context)}\`.callers_line`;
  await onMariadb(mariadbUrl(), (server) =>
    server.query(`CREATE TABLE ${table} (number INT AUTO_INCREMENT PRIMARY KEY, line TEXT)`),
  );
  return table;
}

/** An application's table, and a Prisma client of the database that it is in. */
export async function mariadbCallersOf(table: string): Promise<CallersDatabase> {
  const url = new URL(mariadbUrl());
  url.pathname = /^`(\w+)`/.exec(table)?.[1] ?? "";
  const client = await prismaOnMariadb(url.href);
  return {
    source: client,
    begin: (work) => client.$transaction((tx) => work(tx as never)),
    write: async (tx, line) => {
      await (tx as typeof client).$executeRawUnsafe(`INSERT INTO ${table} (line) VALUES (?)`, line);
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

/** {@link mariadbCallersOf} a new table. */
export async function mariadbCallers(context: StoreContext): Promise<CallersDatabase> {
  return mariadbCallersOf(await makeMariadbCallersTable(context));
}
