import type { Backend, TransactionOf } from "../../backend/index.ts";
import type { SqlConnection } from "../sql/executor.ts";
import { tableNames } from "../sql/table-names.ts";
import type { TransactionDriver } from "../sql/transaction-driver.ts";
import { postgresParts } from "./backend-parts.ts";
import { diagnose } from "./diagnose.ts";
import { checkPostgresOptions, type PostgresBackendOptions } from "./options.ts";
import { makePool, type OwnPool } from "./own-pool.ts";
import { type PgPool, poolConnection, TOO_SMALL_TO_LISTEN } from "./pool-connection.ts";
import { poolTransactions } from "./pool-transactions.ts";

/** A connection whose pool is made when it is first used, and can be ended. */
class PoolSource {
  readonly #options: PostgresBackendOptions;
  /** Its own, as several backends may use one pool. */
  readonly #ignore = () => {};
  #own: Promise<OwnPool> | null = null;

  constructor(options: PostgresBackendOptions) {
    this.#options = options;
  }

  get connection(): SqlConnection {
    return {
      rows: async (statement, values) => poolConnection(await this.pool()).rows(statement, values),
      transaction: async (run) => poolConnection(await this.pool()).transaction(run),
    };
  }

  /** Whether a connection can be kept for listening. */
  get canListen(): boolean {
    return (this.#options.pool?.options?.max ?? Number.POSITIVE_INFINITY) > TOO_SMALL_TO_LISTEN;
  }

  /** Keeps an idle connection that breaks from ending the process, as a pool that nobody attends to would. */
  attend(): void {
    const { pool } = this.#options;
    pool?.off?.("error", this.#ignore);
    pool?.on?.("error", this.#ignore);
  }

  /** Ends the pool of its own; leaves a given one as it was. */
  async end(): Promise<void> {
    this.#options.pool?.off?.("error", this.#ignore);
    const own = this.#own;
    this.#own = null;
    await (await own)?.end();
  }

  /** The pool that the caller gave, or that of the URL. */
  pool(): Promise<PgPool> {
    const { pool, url } = this.#options;
    if (pool !== undefined) return Promise.resolve(pool);
    this.#own ??= makePool(url);
    return this.#own;
  }
}

/** Keeps task results in a PostgreSQL database, through the package `pg`. */
export function postgresBackend<TPool extends PgPool = OwnPool>(
  options: PostgresBackendOptions<TPool>,
): Backend<TransactionOf<TPool>> {
  const longestPollMs = checkPostgresOptions(options);
  const names = tableNames(options, '"');
  const source = new PoolSource(options);
  const pool = source.canListen ? () => source.pool() : null;
  // The pool is the caller's or, of type OwnPool, ours: either way its clients are what handlers get.
  const transactions = poolTransactions(() => source.pool()) as TransactionDriver<TransactionOf<TPool>>;
  const { handle, open, ...facets } = postgresParts(source.connection, {
    names,
    pool,
    transactions,
    longestPollMs,
  });
  return {
    kind: "postgres",
    ...facets,
    diagnose: () => diagnose(handle, source),
    open: () => {
      source.attend();
      return open();
    },
    close: async () => {
      await handle.wakeups.close();
      handle.setOpen(false);
      await source.end();
    },
  };
}
