import { TaskError } from "@taskwright/shared";
import type { Backend, TransactionOf } from "../../backend/index.ts";
import { postgresParts } from "../postgres/backend-parts.ts";
import { diagnose } from "../postgres/diagnose.ts";
import { tableNames } from "../sql/table-names.ts";
import { checkPrismaOptions, type PrismaBackendOptions } from "./options.ts";
import type { PrismaLike } from "./prisma-client.ts";
import { prismaConnection } from "./prisma-connection.ts";
import { prismaTransactions } from "./prisma-transactions.ts";
import { detectProvider, knownProvider } from "./provider.ts";
import { prismaSqliteBackend } from "./sqlite-backend.ts";

/** Throws NOT_SUPPORTED unless the client leads to PostgreSQL. */
async function checkProvider(client: PrismaLike, options: PrismaBackendOptions): Promise<void> {
  const provider = options.provider ?? (await detectProvider(client));
  if (provider === "postgresql") return;
  throw new TaskError({
    code: "NOT_SUPPORTED",
    message: `prismaBackend() keeps tasks in PostgreSQL and SQLite, and this client leads to ${provider}.`,
    data: { provider },
  });
}

/**
 * Keeps task results in the PostgreSQL or SQLite database of a Prisma 7 client.
 *
 * Closing the backend leaves the client connected.
 */
export function prismaBackend<TClient extends PrismaLike>(
  client: TClient,
  options: PrismaBackendOptions = {},
): Backend<TransactionOf<TClient>> {
  checkPrismaOptions(client, options);
  if ((options.provider ?? knownProvider(client)) === "sqlite") return prismaSqliteBackend(client, options);
  const { pool } = options;
  const names = tableNames(options, '"');
  const listeningPool = pool === undefined ? null : () => Promise.resolve(pool);
  const { handle, open, schema, ...facets } = postgresParts(prismaConnection(client), {
    names,
    pool: listeningPool,
    transactions: prismaTransactions(client),
  });
  const check = () => checkProvider(client, options);
  return {
    kind: "prisma",
    ...facets,
    schema: {
      pending: () => check().then(() => schema.pending()),
      migrate: () => check().then(() => schema.migrate()),
      written: () => check().then(() => schema.written()),
    },
    diagnose: () => diagnose(handle, { canListen: true }),
    open: () => check().then(open),
    close: async () => {
      await handle.wakeups.close();
      handle.setOpen(false);
    },
  };
}
