import type { TransactionOf } from "../../backend/index.ts";
import { type MysqlParts, mysqlParts } from "../mysql/backend-parts.ts";
import { postgresParts } from "../postgres/backend-parts.ts";
import { diagnose } from "../postgres/diagnose.ts";
import { asTaskError } from "../postgres/driver-errors.ts";
import { poolConnection, TOO_SMALL_TO_LISTEN } from "../postgres/pool-connection.ts";
import { longestPollMs } from "../sql/poll-interval.ts";
import { tableNames } from "../sql/table-names.ts";
import type { PrismaBackendOptions } from "./options.ts";
import type { PrismaLike } from "./prisma-client.ts";
import { prismaConnection } from "./prisma-connection.ts";
import { prismaTransactions } from "./prisma-transactions.ts";
import type { PrismaProvider } from "./provider.ts";
import { checkSameDatabase } from "./same-database.ts";

/** What a backend consists of, whatever database it is on. */
export type DatabaseParts<TTransaction> = MysqlParts<TTransaction>;

/** Makes what a backend consists of on a database that is served; null for others. */
export function databaseParts<TClient extends PrismaLike>(
  client: TClient,
  options: PrismaBackendOptions,
  provider: PrismaProvider,
): DatabaseParts<TransactionOf<TClient>> | null {
  const connection = prismaConnection(client);
  const transactions = prismaTransactions(client);
  const pollMs = longestPollMs(options);
  if (provider === "mariadb" || provider === "mysql") {
    const names = tableNames(options, "`");
    return mysqlParts(connection, { names, transactions, longestPollMs: pollMs });
  }
  if (provider !== "postgresql") return null;
  const { pool } = options;
  const names = tableNames(options, '"');
  const canListen = (pool?.options?.max ?? Number.POSITIVE_INFINITY) > TOO_SMALL_TO_LISTEN;
  // The pool prepares statements, which Prisma has planned anew each time.
  const { handle, open, ...parts } = postgresParts(pool === undefined ? connection : poolConnection(pool), {
    names,
    pool: pool === undefined || !canListen ? null : () => Promise.resolve(pool),
    transactions,
    longestPollMs: pollMs,
  });
  return {
    ...parts,
    open: async () => {
      if (pool !== undefined)
        await asTaskError(() => checkSameDatabase(names, connection, poolConnection(pool)));
      await open();
    },
    diagnose: () => diagnose(handle, { canListen }),
    close: async () => {
      await handle.wakeups.close();
      handle.setOpen(false);
    },
  };
}
