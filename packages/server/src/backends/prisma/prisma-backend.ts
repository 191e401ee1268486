import { TaskError } from "@taskwright/shared";
import type { Backend, TransactionOf } from "../../backend/index.ts";
import { tableNames } from "../sql/table-names.ts";
import { type DatabaseParts, databaseParts } from "./database-parts.ts";
import { checkPrismaOptions, type PrismaBackendOptions } from "./options.ts";
import type { PrismaLike } from "./prisma-client.ts";
import { prismaTransactions } from "./prisma-transactions.ts";
import { detectProvider, knownProvider } from "./provider.ts";
import { prismaSqliteBackend } from "./sqlite-backend.ts";

/** Finds out where a client leads, once, and has the parts for it. */
class ChosenParts<TClient extends PrismaLike> {
  readonly #client: TClient;
  readonly #options: PrismaBackendOptions;
  #parts: DatabaseParts<TransactionOf<TClient>> | null = null;

  constructor(client: TClient, options: PrismaBackendOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Throws NOT_SUPPORTED for a database that is not served. */
  async choose(): Promise<DatabaseParts<TransactionOf<TClient>>> {
    if (this.#parts !== null) return this.#parts;
    const provider = this.#options.provider ?? (await detectProvider(this.#client));
    this.#parts ??= databaseParts(this.#client, this.#options, provider);
    if (this.#parts !== null) return this.#parts;
    throw new TaskError({
      code: "NOT_SUPPORTED",
      message: `prismaBackend() keeps tasks in PostgreSQL, MariaDB, MySQL and SQLite, and this client leads to ${provider}.`,
      data: { provider },
    });
  }

  /** The parts of a backend that has been opened; throws CLOSED before. */
  get now(): DatabaseParts<TransactionOf<TClient>> {
    if (this.#parts !== null) return this.#parts;
    throw new TaskError({ code: "CLOSED", message: "The backend on Prisma is not open." });
  }

  /** The parts where they have been chosen. */
  get chosen(): DatabaseParts<TransactionOf<TClient>> | null {
    return this.#parts;
  }
}

/**
 * Keeps task results in the database of a Prisma 7 client: PostgreSQL, MariaDB, MySQL or SQLite.
 *
 * Closing the backend leaves the client connected.
 */
export function prismaBackend<TClient extends PrismaLike>(
  client: TClient,
  options: PrismaBackendOptions = {},
): Backend<TransactionOf<TClient>> {
  checkPrismaOptions(client, options);
  if ((options.provider ?? knownProvider(client)) === "sqlite") return prismaSqliteBackend(client, options);
  // Names are checked here, not when the database is known.
  tableNames(options, '"');
  const parts = new ChosenParts(client, options);
  const transactions = prismaTransactions(client);
  return {
    kind: "prisma",
    store: {
      enqueue: async (request) => parts.now.store.enqueue(request),
      get: async (request) => parts.now.store.get(request),
      cancel: async (request) => parts.now.store.cancel(request),
      requeue: async (request) => parts.now.store.requeue(request),
      delete: async (request) => parts.now.store.delete(request),
    },
    leases: {
      claim: async (request) => parts.now.leases.claim(request),
      begin: async (request) => parts.now.leases.begin(request),
      renew: async (request) => parts.now.leases.renew(request),
      settle: async (request) => parts.now.leases.settle(request),
      release: async (request) => parts.now.leases.release(request),
      progress: async (request) => parts.now.leases.progress(request),
    },
    maintenance: {
      sweep: async (request) => parts.now.maintenance.sweep(request),
      purge: async (request) => parts.now.maintenance.purge(request),
      indexInputs: async (request) => parts.now.maintenance.indexInputs(request),
    },
    inspector: {
      list: async (request) => parts.now.inspector.list(request),
      count: async (request) => parts.now.inspector.count(request),
      countByQueue: async (request) => parts.now.inspector.countByQueue(request),
    },
    wakeups: {
      get lookEveryMs() {
        return parts.chosen?.wakeups.lookEveryMs ?? 1_000;
      },
      watchReady: (request) => parts.now.wakeups.watchReady(request),
      watchResult: (request) => parts.now.wakeups.watchResult(request),
      watchCancels: (request) => parts.now.wakeups.watchCancels(request),
    },
    schedules: {
      save: async (request) => parts.now.schedules.save(request),
      get: async (request) => parts.now.schedules.get(request),
      list: async (request) => parts.now.schedules.list(request),
      delete: async (request) => parts.now.schedules.delete(request),
      due: async (request) => parts.now.schedules.due(request),
    },
    transactions: {
      // Neither needs to know the database, so that a client can be used that nobody has opened yet.
      check: (transaction) => void transactions.inside(transaction),
      enqueue: async (request) => parts.now.transactions.enqueue(request),
      run: (request) => transactions.run(request),
      committed: () => parts.now.transactions.committed(),
      runAttempt: async (request) => parts.now.transactions.runAttempt(request),
    },
    readTime: async () => parts.now.readTime(),
    schema: {
      pending: async () => (await parts.choose()).schema.pending(),
      migrate: async () => (await parts.choose()).schema.migrate(),
      written: async () => (await parts.choose()).schema.written(),
    },
    diagnose: async () => (await parts.choose()).diagnose(),
    open: async () => (await parts.choose()).open(),
    close: async () => parts.chosen?.close(),
  };
}
