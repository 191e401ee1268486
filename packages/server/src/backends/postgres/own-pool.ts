import { TaskError } from "@taskwright/shared";
import { ignore, type PgClient, type PgPool } from "./pool-connection.ts";

/** Connections of a pool that a backend makes for itself. */
const MOST_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 10_000;

/** The `tx` of handlers on a pool of the backend's own: a client of `pg`. */
export interface PgTransaction extends PgClient {
  query<TRow = Record<string, unknown>>(
    query: string | { readonly text: string; readonly values?: readonly unknown[] },
    values?: readonly unknown[],
  ): Promise<{ readonly rows: TRow[]; readonly rowCount: number | null }>;
}

/** A pool that can be ended. */
export interface OwnPool extends PgPool {
  connect(): Promise<PgTransaction>;
  end(): Promise<void>;
}

/** Makes a pool for a URL; throws BACKEND_UNAVAILABLE when the package `pg` is not installed. */
export async function makePool(url: string): Promise<OwnPool> {
  const pg = await import("pg").catch((cause: unknown) => {
    throw new TaskError({
      code: "BACKEND_UNAVAILABLE",
      message: "postgresBackend({ url }) needs the package pg: npm install pg",
      cause,
    });
  });
  const pool = new pg.default.Pool({
    connectionString: url,
    max: MOST_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    allowExitOnIdle: true,
    application_name: "taskwright",
  });
  // The pool drops an idle connection that breaks; whoever needs it next gets a new one.
  pool.on("error", ignore);
  return pool as unknown as OwnPool;
}
