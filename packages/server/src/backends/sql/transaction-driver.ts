import type { TransactionRequest } from "../../backend/index.ts";
import type { SqlExecutor } from "./executor.ts";

/** The transactions of a driver, as its users write them. */
export interface TransactionDriver<TTransaction, TExecutor extends SqlExecutor = SqlExecutor> {
  /** Runs statements in a transaction, by its client; throws INVALID_OPTION for what is none. */
  inside(transaction: unknown): TExecutor;
  /** Runs work in a transaction that a client of the caller's begins; rejects with INVALID_OPTION for what is none. */
  run<T>(request: TransactionRequest<T>): Promise<T>;
  /** Runs work in a transaction of the backend's own client; null lets it take as long as it likes. */
  own<T>(timeoutMs: number | null, work: (transaction: TTransaction) => Promise<T>): Promise<T>;
}
