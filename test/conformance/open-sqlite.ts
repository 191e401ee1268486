// Opens the SQLite store of a case: for sqlite.test.ts, and for the processes that it starts.
import { join } from "node:path";
import type { Backend } from "@taskwright/server/backend";
import { sqliteBackend } from "@taskwright/server/sqlite";
import type { StoreContext } from "./store-fixture.ts";

/** Where the case's database is. */
export function sqliteFile({ directory }: StoreContext): string {
  return join(directory, "taskwright.db");
}

/** Opens the case's database, which is made when it is not there. */
export async function openStore(context: StoreContext): Promise<Backend> {
  const backend = sqliteBackend({ file: sqliteFile(context) });
  await backend.open();
  return backend;
}
