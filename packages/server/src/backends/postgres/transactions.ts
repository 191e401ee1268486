import type { Transactions } from "../../backend/index.ts";
import type { SqlExecutor } from "../sql/executor.ts";
import type { TransactionDriver } from "../sql/transaction-driver.ts";
import { toTaskError } from "./driver-errors.ts";
import { storeInside } from "./enqueue.ts";
import type { StoreHandle } from "./opened-store.ts";
import { settle } from "./settle.ts";

/** Runs statements of ours in a transaction, where nothing may be tried again. */
function translated(executor: SqlExecutor): SqlExecutor {
  return {
    rows: async (statement, values) => {
      try {
        return await executor.rows(statement, values);
      } catch (error) {
        throw toTaskError(error);
      }
    },
  };
}

/** The transactions facet on PostgreSQL. */
export function postgresTransactions<TTransaction>(
  handle: StoreHandle,
  driver: TransactionDriver<TTransaction>,
): Required<Transactions<TTransaction>> {
  const inside = (transaction: unknown) => translated(driver.inside(transaction));
  return {
    check: (transaction) => void driver.inside(transaction),

    enqueue: async ({ transaction, tasks, now }) => {
      if (tasks.length === 0) return [];
      return storeInside(inside(transaction), handle, tasks, now);
    },

    run: (request) => driver.run(request),

    committed: () => {
      handle.later.forget();
      handle.wakeups.ready();
    },

    runAttempt: async ({ timeoutMs, work }) => {
      const endedIds: string[] = [];
      const result = await driver.own(timeoutMs, (transaction) =>
        work(transaction, async (request) => {
          const settled = await settle(inside(transaction), handle.statements, request);
          endedIds.push(...settled.endedIds);
          return settled.outcomes;
        }),
      );
      handle.wakeups.results(endedIds, "unknown");
      return result;
    },
  };
}
