import { onMariadb } from "../harness/mariadb-server.ts";
import { prismaOnMariadb } from "../harness/prisma/generated-client.ts";
import { databaseOf, mariadbUrl } from "./open-mariadb.ts";
import type { CallersDatabase, StoreContext } from "./store-fixture.ts";

/** Makes an application's table beside the tasks; a Prisma client that writes there. */
export async function mariadbCallers(context: StoreContext): Promise<CallersDatabase> {
  const table = `\`${databaseOf(context)}\`.callers_line`;
  await onMariadb(mariadbUrl(), (server) =>
    server.query(`CREATE TABLE ${table} (number INT AUTO_INCREMENT PRIMARY KEY, line TEXT)`),
  );
  const url = new URL(mariadbUrl());
  url.pathname = databaseOf(context);
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
