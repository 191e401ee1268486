import type { Backend } from "../../backend/index.ts";
import { mysqlParts } from "../mysql/backend-parts.ts";
import { postgresParts } from "../postgres/backend-parts.ts";
import { diagnose } from "../postgres/diagnose.ts";
import { longestPollMs } from "../sql/poll-interval.ts";
import { tableNames } from "../sql/table-names.ts";
import type { PrismaBackendOptions } from "./options.ts";
import type { PrismaLike } from "./prisma-client.ts";
import { prismaConnection } from "./prisma-connection.ts";
import type { PrismaProvider } from "./provider.ts";

/** What a backend consists of, whatever database it is on. */
export type DatabaseParts = Required<
  Pick<
    Backend,
    | "store"
    | "leases"
    | "maintenance"
    | "inspector"
    | "wakeups"
    | "readTime"
    | "schema"
    | "diagnose"
    | "open"
    | "close"
  >
>;

/** Makes what a backend consists of on a database that is served; null for others. */
export function databaseParts(
  client: PrismaLike,
  options: PrismaBackendOptions,
  provider: PrismaProvider,
): DatabaseParts | null {
  const connection = prismaConnection(client);
  const pollMs = longestPollMs(options);
  if (provider === "mariadb" || provider === "mysql")
    return mysqlParts(connection, tableNames(options, "`"), pollMs);
  if (provider !== "postgresql") return null;
  const { pool } = options;
  const listeningPool = pool === undefined ? null : () => Promise.resolve(pool);
  const parts = postgresParts(connection, tableNames(options, '"'), listeningPool, pollMs);
  const { handle } = parts;
  return {
    ...parts,
    diagnose: () => diagnose(handle, { canListen: true }),
    close: async () => {
      await handle.wakeups.close();
      handle.setOpen(false);
    },
  };
}
