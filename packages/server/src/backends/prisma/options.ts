import { didYouMean, TaskError } from "@taskwright/shared";
import type { PgPool } from "../postgres/pool-connection.ts";
import { longestPollMs, type PollOptions } from "../sql/poll-interval.ts";
import type { TablePlace } from "../sql/table-names.ts";
import { isPrismaClient, type PrismaLike } from "./prisma-client.ts";
import { knownProvider, type PrismaProvider } from "./provider.ts";

/** What `prismaBackend` takes beside the client. */
export interface PrismaBackendOptions extends TablePlace, PollOptions {
  /** Which database the client leads to; found out when it is not said. */
  readonly provider?: PrismaProvider;
  /**
   * A `Pool` of `pg` to the same PostgreSQL database: workers are told of new tasks on one of its connections, and the
   * backend's own statements take it, prepared. Without one workers poll, and every statement goes through the client.
   */
  readonly pool?: PgPool;
}

const NAMES = ["provider", "pool", "tablePrefix", "schema", "maxPollInterval"];
const PROVIDERS: readonly PrismaProvider[] = ["postgresql", "mysql", "mariadb", "sqlite"];

function invalid(message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message });
}

/** Throws INVALID_OPTION for a provider that there is none of, or that the client says it does not lead to. */
export function checkProvider(client: PrismaLike, provider: PrismaProvider | undefined): void {
  if (provider !== undefined && !PROVIDERS.includes(provider)) {
    throw invalid(`provider must be one of ${PROVIDERS.join(", ")}.`);
  }
  const known = knownProvider(client);
  // MariaDB's clients say that they are MySQL's.
  const isKnown = known === undefined || known === provider || (known === "mysql" && provider === "mariadb");
  if (provider !== undefined && !isKnown) {
    throw invalid(`provider is "${provider}", but the client leads to ${known}; leave provider out.`);
  }
}

/** Checks client and options; throws INVALID_OPTION. */
export function checkPrismaOptions(client: PrismaLike, options: PrismaBackendOptions): void {
  if (!isPrismaClient(client)) {
    throw invalid(
      "prismaBackend() needs a PrismaClient that stays connected; the client of a transaction ends with it.",
    );
  }
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name)) {
      throw invalid(`prismaBackend() has no option "${name.slice(0, 60)}".${didYouMean(name, NAMES)}`);
    }
  }
  checkProvider(client, options.provider);
  const { pool } = options;
  if (pool !== undefined && (typeof pool?.query !== "function" || typeof pool.connect !== "function")) {
    throw invalid("pool must be a Pool of the package pg.");
  }
  longestPollMs(options);
}
