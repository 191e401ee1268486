// Opens the store of a case on SQLite through Prisma: for prisma-sqlite.test.ts, and for the processes that it starts.
import type { Backend } from "@taskwright/server/backend";
import { prismaBackend } from "@taskwright/server/prisma";
import { prismaOnSqlite, type TestPrismaClient } from "../harness/prisma/generated-client.ts";
import { sqliteFile } from "./open-sqlite.ts";
import type { StoreContext } from "./store-fixture.ts";

/** Makes a client of the case's database, which is made when it is not there. */
export function sqliteClient(context: StoreContext): Promise<TestPrismaClient> {
  return prismaOnSqlite(sqliteFile(context));
}

/** Makes the backend of a case; closing it disconnects its client too. */
export async function prismaSqliteStore(context: StoreContext): Promise<Backend> {
  const client = await sqliteClient(context);
  const backend = prismaBackend(client);
  return {
    ...backend,
    close: async () => {
      await backend.close();
      await client.$disconnect();
    },
  };
}

/** Opens the case's tables, which are there. */
export async function openStore(context: StoreContext): Promise<Backend> {
  const backend = await prismaSqliteStore(context);
  await backend.open();
  return backend;
}
