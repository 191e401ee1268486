import type { AnyRouter, TaskCaller, TaskClient } from "@taskwright/shared";
import type {
  TransactionClient,
  TransactionOf,
  TransactionOptionsOf,
  TransactionSource,
} from "../backend/index.ts";
import type { ClearedResults, ClearStaleResultsInput } from "./built-in-tasks.ts";
import type { Schedules } from "./schedules.ts";

/** A client that enqueues straight into the backends, and can do it in the caller's transactions. */
export interface ServerTaskClient<TRouter extends AnyRouter> extends TaskClient<TRouter> {
  /** Cron rules that enqueue tasks. */
  readonly schedules: Schedules<TRouter>;
  /**
   * The same client inside a transaction that someone else runs: what it enqueues is there when that commits, and never
   * was when it rolls back. Ids are known at once; workers see nothing before the commit.
   *
   * Await each call before the transaction ends; it rejects with TRANSACTION_ENDED after that. A call that fails is not
   * tried again and leaves the transaction failed, as any statement does. Throws INVALID_OPTION for what is no
   * transaction's client, and NOT_SUPPORTED where tasks are kept elsewhere than the caller's data, without an outbox there.
   */
  withTransaction(tx: TransactionClient): TaskClient<TRouter>;
  /**
   * Runs a function in a transaction of a Prisma client or a `pg.Pool`, with its client and the {@link withTransaction}
   * of it; commits when the function resolves, and lets workers of this process look at once.
   *
   * @param options what Prisma's `$transaction` takes: `maxWait`, `timeout`, `isolationLevel`
   */
  transaction<TSource extends TransactionSource, T>(
    source: TSource,
    work: (tx: TransactionOf<TSource>, client: TaskClient<TRouter>) => Promise<T>,
    options?: TransactionOptionsOf<TSource>,
  ): Promise<T>;
  /**
   * The built-in task `taskwright.relay`, which every server runs: it brings what transactions have left in outboxes to the
   * backends, where no worker stays up to do so. UNKNOWN_TASK where no backend has an outbox.
   */
  readonly relay: TaskCaller<void, void>;
  /**
   * The built-in task `taskwright.clearStaleResults`, which every server runs: it deletes SUCCESSFUL task results that
   * finished long enough ago, where no worker stays up to purge. UNKNOWN_TASK where no backend keeps task results.
   */
  readonly clearStaleResults: TaskCaller<ClearStaleResultsInput | undefined, ClearedResults>;
}
