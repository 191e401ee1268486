import { didYouMean, TaskError } from "@taskwright/shared";
import type { Outbox } from "../../backend/index.ts";
import { allOrNone } from "../sql/savepoint.ts";
import { type TablePlace, tableNames } from "../sql/table-names.ts";
import { checkProvider } from "./options.ts";
import { type OutboxDatabase, outboxDatabase } from "./outbox-database.ts";
import { outboxFindings } from "./outbox-findings.ts";
import { prismaOutboxSource } from "./outbox-source.ts";
import { isPrismaClient, type PrismaLike, type RawRunner } from "./prisma-client.ts";
import { prismaTransactions } from "./prisma-transactions.ts";
import { detectProvider, type PrismaProvider } from "./provider.ts";
import { runLocked } from "./sqlite-locked-run.ts";

/** What `prismaOutbox` takes beside the client. */
export interface PrismaOutboxOptions extends TablePlace {
  /** Which database the client leads to; found out when it is not said. */
  readonly provider?: PrismaProvider;
}

const NAMES = ["provider", "tablePrefix", "schema"];

function invalid(message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message });
}

function checkOptions(client: PrismaLike, options: PrismaOutboxOptions): void {
  if (!isPrismaClient(client)) {
    throw invalid(
      "prismaOutbox() needs a PrismaClient that stays connected; the client of a transaction ends with it.",
    );
  }
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name)) {
      throw invalid(`prismaOutbox() has no option "${name.slice(0, 60)}".${didYouMean(name, NAMES)}`);
    }
  }
  checkProvider(client, options.provider);
  tableNames(options, '"');
}

/**
 * A table in the database of a Prisma 7 client in which transactions leave tasks for a backend that keeps them elsewhere:
 * `memoryBackend({ outbox: prismaOutbox(prisma) })`.
 *
 * PostgreSQL, MariaDB, MySQL or SQLite; `taskwright migrate` makes the table. The client stays connected.
 */
export function prismaOutbox(client: PrismaLike, options: PrismaOutboxOptions = {}): Outbox {
  checkOptions(client, options);
  const transactions = prismaTransactions(client);
  let chosen: OutboxDatabase | null = null;
  const choose = async (): Promise<OutboxDatabase> => {
    if (chosen !== null) return chosen;
    const provider = options.provider ?? (await detectProvider(client));
    chosen ??= outboxDatabase(client, options, provider);
    return chosen;
  };

  return {
    check: (transaction) => void transactions.inside(transaction),

    run: async (request) => {
      const { client: given } = request;
      const { dialect, names } = await choose();
      if (dialect.provider !== "sqlite" || !isPrismaClient(given)) return transactions.run(request);
      return runLocked(given, request, async (transaction: RawRunner) => {
        await transaction.$executeRawUnsafe(`UPDATE ${names.version} SET version = version WHERE 0`);
      });
    },

    add: async ({ transaction, destination, tasks }) => {
      const executor = transactions.inside(transaction);
      const { statements, dialect } = await choose();
      const write = async () => {
        for (const { statement, values } of added) await executor.change(statement, values);
      };
      const added = statements.add(destination, tasks);
      try {
        // One statement is all or nothing in itself.
        if (added.length < 2) await write();
        else await allOrNone((text) => executor.change({ name: "", text }, []), write);
      } catch (error) {
        throw dialect.toTaskError(error);
      }
    },

    source: (destination) => prismaOutboxSource(choose, destination),

    schema: {
      pending: async () => (await choose()).schema.pending(),
      migrate: async () => (await choose()).schema.migrate(),
      written: async () => (await choose()).schema.written(),
    },

    diagnose: async (destination) => outboxFindings(await choose(), destination, Date.now()),

    open: async () => (await choose()).checkVersion(),
  };
}
