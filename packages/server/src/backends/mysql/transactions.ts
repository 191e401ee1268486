import type { Transactions } from "../../backend/index.ts";
import type { CountingExecutor } from "../sql/executor.ts";
import { allOrNone } from "../sql/savepoint.ts";
import type { TransactionDriver } from "../sql/transaction-driver.ts";
import { toTaskError } from "./driver-errors.ts";
import { storeThrough } from "./enqueue.ts";
import type { StoreHandle } from "./opened-store.ts";
import { settle } from "./settle.ts";

/** Runs statements of ours in a transaction, where nothing may be tried again. */
async function translated<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toTaskError(error);
  }
}

/** The transactions facet on MariaDB and MySQL. */
export function mysqlTransactions<TTransaction>(
  handle: StoreHandle,
  driver: TransactionDriver<TTransaction, CountingExecutor>,
): Required<Transactions<TTransaction>> {
  const { names } = handle;
  return {
    check: (transaction) => void driver.inside(transaction),

    enqueue: async ({ transaction, tasks, now }) => {
      const executor = driver.inside(transaction);
      if (tasks.length === 0) return [];
      const place = {
        names,
        lanes: handle.lanes,
        // Others that use the same queue and path for the first time do not wait for the caller's transaction.
        aside: <T>(work: (executor: CountingExecutor) => Promise<T>) => handle.transaction(work),
      };
      const plain = (text: string) => executor.change({ name: "", text }, []);
      return translated(() =>
        allOrNone(plain, () => storeThrough((work) => work(executor), place, tasks, now)),
      );
    },

    run: (request) => driver.run(request),

    committed: () => {
      handle.wakeups.ready();
    },

    runAttempt: async ({ timeoutMs, work }) => {
      const endedIds: string[] = [];
      const result = await driver.own(timeoutMs, (transaction) =>
        work(transaction, async (request) => {
          const settled = await translated(() => settle(driver.inside(transaction), names, request));
          endedIds.push(...settled.endedIds);
          return settled.outcomes;
        }),
      );
      handle.wakeups.results(endedIds);
      return result;
    },
  };
}
