import { setTimeout as wait } from "node:timers/promises";
import { isTaskError } from "@taskwright/shared";
import type { TransactionRequest } from "../../backend/index.ts";
import type { PrismaLike, RawRunner } from "./prisma-client.ts";
import { isLocked, toTaskError } from "./sqlite-errors.ts";

/** As long as Prisma itself waits for a transaction to begin. */
const LONGEST_WAIT_FOR_LOCK_MS = 2_000;
const PAUSE_MS = 10;

/**
 * Runs work in a transaction of a client's on SQLite that has the write lock from its beginning: one that reads first is
 * refused when another has written since.
 *
 * @param lock takes it, in the transaction
 */
export async function runLocked<T, TTransaction extends RawRunner>(
  client: PrismaLike,
  { work, options }: Omit<TransactionRequest<T>, "client">,
  lock: (transaction: TTransaction) => Promise<void>,
): Promise<T> {
  const giveUpAt = performance.now() + LONGEST_WAIT_FOR_LOCK_MS;
  for (;;) {
    let hasBegun = false;
    try {
      const begin = async (transaction: TTransaction) => {
        await lock(transaction);
        hasBegun = true;
        return work(transaction);
      };
      return await client.$transaction(begin, options as Parameters<PrismaLike["$transaction"]>[1]);
    } catch (error) {
      if (hasBegun) throw error;
      if (!isLocked(error) || performance.now() >= giveUpAt)
        throw isTaskError(error) ? error : toTaskError(error);
    }
    await wait(PAUSE_MS);
  }
}
