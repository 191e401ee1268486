// Opens the PostgreSQL store of a case: for postgres.test.ts, and for the processes that it starts.
import type { Backend } from "@taskwright/server/backend";
import { postgresBackend } from "@taskwright/server/postgres";
import type { StoreContext } from "./store-fixture.ts";

/** Where the server is; the test file sets it before it opens a store or starts a process. */
export const POSTGRES_URL_VARIABLE = "TASKWRIGHT_CONFORMANCE_POSTGRES_URL";

/** The schema of the case's tables. */
export function schemaOf({ namespace }: StoreContext): string {
  return `tw_${namespace}`;
}

/** The URL of the server. */
export function postgresUrl(): string {
  const url = process.env[POSTGRES_URL_VARIABLE];
  if (url === undefined) throw new Error(`${POSTGRES_URL_VARIABLE} is not set.`);
  return url;
}

/** Opens the case's schema, which is there. */
export async function openStore(context: StoreContext): Promise<Backend> {
  const backend = postgresBackend({ url: postgresUrl(), schema: schemaOf(context) });
  await backend.open();
  return backend;
}
