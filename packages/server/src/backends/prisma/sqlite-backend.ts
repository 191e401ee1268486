import { TaskError } from "@taskwright/shared";
import type { Backend, Finding } from "../../backend/index.ts";
import { allMigrations } from "../sqlite/migrate.ts";
import { checkPrefix, DEFAULT_PREFIX } from "../sqlite/table-prefix.ts";
import type { PrismaBackendOptions } from "./options.ts";
import type { PrismaLike } from "./prisma-client.ts";
import { LOCK_TIMEOUT_MS, SqliteConnection } from "./sqlite-connection.ts";
import type { SqliteCall } from "./sqlite-messages.ts";
import { sqliteTransactions } from "./sqlite-transactions.ts";

type Facet = Exclude<SqliteCall["facet"], null>;

function checkOptions({ schema, pool, tablePrefix = DEFAULT_PREFIX }: PrismaBackendOptions): string {
  const refused = schema !== undefined ? "schema" : pool !== undefined ? "pool" : null;
  if (refused !== null) {
    throw new TaskError({
      code: "INVALID_OPTION",
      message:
        refused === "schema"
          ? "SQLite has no schemas, so prismaBackend() takes no schema there; tablePrefix tells tables apart."
          : "prismaBackend() takes no pool on SQLite: workers are woken by the file itself.",
      data: { option: refused },
    });
  }
  checkPrefix(tablePrefix);
  return tablePrefix;
}

/** Keeps task results in the SQLite file of a Prisma client, by the statements of `sqliteBackend`. */
export function prismaSqliteBackend<TTransaction>(
  client: PrismaLike,
  options: PrismaBackendOptions,
): Backend<TTransaction> {
  const prefix = checkOptions(options);
  const connection = new SqliteConnection(client, prefix);
  const operations = <Name extends Facet>(facet: Name, names: readonly (keyof Required<Backend>[Name])[]) =>
    Object.fromEntries(
      names.map((name) => [name, (request: unknown) => connection.call(facet, String(name), request)]),
    ) as unknown as Required<Backend>[Name];
  const watch = connection.watch.bind(connection);
  return {
    kind: "prisma",
    store: operations("store", ["enqueue", "get", "cancel", "requeue", "delete"]),
    leases: operations("leases", ["claim", "begin", "renew", "settle", "release", "progress"]),
    maintenance: operations("maintenance", ["sweep", "purge", "indexInputs"]),
    inspector: operations("inspector", ["list", "count", "countByQueue"]),
    wakeups: {
      watchReady: ({ wake, ...request }) => watch("watchReady", request, wake),
      watchResult: ({ wake, ...request }) => watch("watchResult", request, wake),
      watchCancels: ({ wake, ...request }) => watch("watchCancels", request, wake),
    },
    schedules: operations("schedules", ["save", "get", "list", "delete", "due"]),
    transactions: sqliteTransactions(connection, prefix),
    schema: {
      pending: () => connection.callApart("schema", "pending") as Promise<readonly string[]>,
      migrate: () => connection.callApart("schema", "migrate") as Promise<readonly string[]>,
      written: () => Promise.resolve({ provider: "sqlite", migrations: allMigrations(prefix) }),
    },
    longestWaitMs: LOCK_TIMEOUT_MS,
    diagnose: () => connection.call(null, "diagnose", undefined) as Promise<readonly Finding[]>,
    open: () => connection.open(),
    close: () => connection.close(),
  };
}
