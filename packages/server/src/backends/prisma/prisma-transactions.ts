import { TaskError } from "@taskwright/shared";
import type { TransactionOf } from "../../backend/index.ts";
import type { CountingExecutor } from "../sql/executor.ts";
import type { TransactionDriver } from "../sql/transaction-driver.ts";
import { isPrismaClient, type PrismaLike, type RawRunner } from "./prisma-client.ts";
import { runnerExecutor } from "./prisma-connection.ts";

/** How long an attempt waits for a connection of the client's pool. */
const LONGEST_WAIT_MS = 30_000;
/** The longest timer there is. */
const NO_LIMIT_MS = 2 ** 31 - 1;
/** What Prisma calls a transaction that could not begin, or has ended: https://www.prisma.io/docs/orm/reference/error-reference. */
const TRANSACTION_ERROR = "P2028";

function invalid(message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message });
}

function isTransactionError(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === TRANSACTION_ERROR;
}

function ended(cause: unknown): TaskError {
  return new TaskError({
    code: "TRANSACTION_ENDED",
    message:
      "The transaction had been committed, rolled back or timed out; nothing was stored. Await each call before it ends, and give prisma.$transaction a timeout that is long enough.",
    cause,
  });
}

/** The client of a transaction, which a client that stays connected is not. */
function runnerOf(transaction: unknown): RawRunner {
  if (isPrismaClient(transaction)) {
    throw invalid(
      "withTransaction() takes the tx of prisma.$transaction(async (tx) => …), not the client itself: what that runs is in no transaction.",
    );
  }
  const runner = transaction as Partial<RawRunner> | null;
  if (typeof runner?.$queryRawUnsafe !== "function") {
    throw invalid(
      "withTransaction() of a prismaBackend() takes the tx of prisma.$transaction(async (tx) => …).",
    );
  }
  return runner as RawRunner;
}

function inside(transaction: unknown): CountingExecutor {
  const executor = runnerExecutor(runnerOf(transaction));
  const told = async <T>(run: Promise<T>): Promise<T> => {
    try {
      return await run;
    } catch (error) {
      throw isTransactionError(error) ? ended(error) : error;
    }
  };
  return {
    rows: (statement, values) => told(executor.rows(statement, values)),
    change: (statement, values) => told(executor.change(statement, values)),
  };
}

/** The interactive transactions of a Prisma client. */
export function prismaTransactions<TClient extends PrismaLike>(
  own: TClient,
): TransactionDriver<TransactionOf<TClient>, CountingExecutor> {
  return {
    inside,

    run: async ({ client, work, options }) => {
      if (!isPrismaClient(client)) {
        throw invalid("client.transaction() on a prismaBackend() takes a PrismaClient.");
      }
      return client.$transaction(work, options as Parameters<PrismaLike["$transaction"]>[1]);
    },

    own: (timeoutMs, work) =>
      own.$transaction(work, {
        maxWait: LONGEST_WAIT_MS,
        timeout: Math.min(timeoutMs ?? NO_LIMIT_MS, NO_LIMIT_MS),
      }),
  };
}
