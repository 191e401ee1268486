// Opens the MariaDB store of a case through Prisma: for mariadb.test.ts, and for the processes that it starts.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Backend } from "@taskwright/server/backend";
import { prismaBackend } from "@taskwright/server/prisma";
import { prismaOnMariadb } from "../harness/prisma/generated-client.ts";
import type { StoreContext } from "./store-fixture.ts";

/** Where the server is; the test file sets it before it opens a store or starts a process. */
export const MARIADB_URL_VARIABLE = "TASKWRIGHT_CONFORMANCE_MARIADB_URL";

/** Where a case says which database it has: making one takes long, so that cases have it one after another. */
export function databaseFile({ directory }: StoreContext): string {
  return join(directory, "database");
}

/** The database of the case's tables. */
export function databaseOf(context: StoreContext): string {
  return readFileSync(databaseFile(context), "utf8");
}

/** The URL of the server. */
export function mariadbUrl(): string {
  const url = process.env[MARIADB_URL_VARIABLE];
  if (url === undefined) throw new Error(`${MARIADB_URL_VARIABLE} is not set.`);
  return url;
}

/** Makes the backend of a case at a URL; closing it disconnects its client too. */
export async function mariadbStore(context: StoreContext, url: string): Promise<Backend> {
  const own = new URL(url);
  own.pathname = databaseOf(context);
  // Without it each operation waits 10 seconds for a server that is away.
  const client = await prismaOnMariadb(own.href, { acquireTimeout: 2_000 });
  const backend = prismaBackend(client, { schema: databaseOf(context) });
  return {
    ...backend,
    close: async () => {
      await backend.close();
      await client.$disconnect();
    },
  };
}

/** Opens the case's database, which is there. */
export async function openStore(context: StoreContext): Promise<Backend> {
  const backend = await mariadbStore(context, mariadbUrl());
  await backend.open();
  return backend;
}
