import { didYouMean, TaskError } from "@taskwright/shared";
import { longestPollMs, type PollOptions } from "../sql/poll-interval.ts";
import type { TablePlace } from "../sql/table-names.ts";
import type { PgPool } from "./pool-connection.ts";

/** What `postgresBackend` takes: a pool of yours, or the URL of a database. */
export type PostgresBackendOptions<TPool extends PgPool = PgPool> = TablePlace &
  PollOptions &
  (GivenPool<TPool> | DatabaseUrl);

/** A pool that the caller has made, and ends. */
export interface GivenPool<TPool extends PgPool = PgPool> {
  /** A `Pool` of the package `pg`; closing the backend leaves it open. */
  readonly pool: TPool;
  readonly url?: undefined;
}

/** A database to connect to with a pool of the backend's own; needs the package `pg`. */
export interface DatabaseUrl {
  /** Such as "postgresql://user:password@host:5432/database". */
  readonly url: string;
  readonly pool?: undefined;
}

const NAMES = ["pool", "url", "tablePrefix", "schema", "maxPollInterval"];

function invalid(message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message });
}

function isPool(value: unknown): value is PgPool {
  const pool = value as Partial<PgPool> | null;
  return typeof pool === "object" && typeof pool?.query === "function" && typeof pool.connect === "function";
}

/** Checks the options and gives the longest pause between looks, in milliseconds; throws INVALID_OPTION. */
export function checkPostgresOptions(options: PostgresBackendOptions): number {
  if (typeof options !== "object" || options === null) {
    throw invalid(`postgresBackend() needs its options as an object, such as { url: "postgresql://…" }.`);
  }
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name)) {
      throw invalid(`postgresBackend() has no option "${name.slice(0, 60)}".${didYouMean(name, NAMES)}`);
    }
  }
  const { pool, url } = options;
  if ((pool === undefined) === (url === undefined)) {
    throw invalid("postgresBackend() needs either pool, a Pool of the package pg, or url, and not both.");
  }
  if (pool !== undefined && !isPool(pool)) throw invalid("pool must be a Pool of the package pg.");
  if (
    url !== undefined &&
    !(typeof url === "string" && /^postgres(ql)?:\/\//.test(url) && URL.canParse(url))
  ) {
    throw invalid(
      'url must be the URL of a PostgreSQL database, such as "postgresql://user@host:5432/database".',
    );
  }
  return longestPollMs(options);
}
