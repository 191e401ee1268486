import type { SqlConnection, SqlExecutor, SqlRow, SqlValue, Statement } from "../sql/executor.ts";

/** A query as `pg` takes it. */
interface PgQuery {
  readonly name?: string;
  readonly text: string;
  readonly values: readonly unknown[];
  readonly rowMode: "array";
  /** Milliseconds after which the connection is given up. */
  readonly query_timeout: number;
}

/** What is used of a client of `pg`. */
export interface PgClient {
  query(query: PgQuery): Promise<{ readonly rows: readonly unknown[] }>;
  on?(event: "error", listener: () => void): unknown;
  off?(event: "error", listener: () => void): unknown;
  release(error?: Error | boolean): void;
}

/** What is used of a `pg.Pool`, so that any version or wrapper of it will do. */
export interface PgPool {
  query(query: PgQuery): Promise<{ readonly rows: readonly unknown[] }>;
  connect(): Promise<PgClient>;
  readonly options?: { readonly max?: number | undefined };
  on?(event: "error", listener: () => void): unknown;
  off?(event: "error", listener: () => void): unknown;
}

/** A pool of this size has no connection to spare for listening: everything else would wait for ever. */
export const TOO_SMALL_TO_LISTEN = 1;

/** Takes note of a broken connection, of which whoever needs it next is told. */
export function ignore(): void {}

/** How long a connection may take to answer, in milliseconds. */
interface Patience {
  readonly ms: number;
  /** The same for statements that may look through a whole table. */
  readonly longMs: number;
}

/** A little longer than core waits for an answer: then the connection leads nowhere, and must not stay taken. */
const PATIENCE: Patience = { ms: 70_000, longMs: 11 * 60_000 };

function queryOf(statement: Statement, values: readonly SqlValue[], { ms, longMs }: Patience): PgQuery {
  const { name, text, isLong = false } = statement;
  return {
    ...(name === "" ? {} : { name }),
    text,
    values,
    rowMode: "array",
    query_timeout: isLong || name === "" ? longMs : ms,
  };
}

/** Runs statements on one client of a pool. */
export function clientExecutor(client: PgClient, patience: Patience = PATIENCE): SqlExecutor {
  return {
    rows: async (statement, values) =>
      (await client.query(queryOf(statement, values, patience))).rows as readonly SqlRow[],
  };
}

/** Runs statements through a pool, each prepared once per connection. */
export function poolConnection(pool: PgPool, patience: Patience = PATIENCE): SqlConnection {
  return {
    rows: async (statement, values) =>
      (await pool.query(queryOf(statement, values, patience))).rows as readonly SqlRow[],

    transaction: async <T>(run: (executor: SqlExecutor) => Promise<T>): Promise<T> => {
      const client = await pool.connect();
      // One that breaks between two statements would end the process; the next statement tells of it.
      client.on?.("error", ignore);
      const executor = clientExecutor(client, patience);
      const plain = (text: string) => executor.rows({ name: "", text }, []);
      const giveBack = (isBroken: boolean) => {
        if (!isBroken) client.off?.("error", ignore);
        client.release(isBroken);
      };
      try {
        await plain("BEGIN ISOLATION LEVEL READ COMMITTED");
        const result = await run(executor);
        await plain("COMMIT");
        giveBack(false);
        return result;
      } catch (error) {
        // A connection in an unknown state is not used again; closing it rolls back.
        giveBack(true);
        throw error;
      }
    },
  };
}
