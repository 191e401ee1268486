/** One statement of a dialect: its text, and a name under which a connection may keep it prepared. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  /** It may take minutes where tables or batches are large. */
  readonly isLong?: boolean;
}

/** What a statement may be given; whole batches travel as one JSON text. */
export type SqlValue = string | number | boolean | null;

/** A row as its columns in the order of the statement; numbers may come as number, bigint or text. */
export type SqlRow = readonly unknown[];

/** Runs statements, each in a transaction of its own unless it is the executor of one. */
export interface SqlExecutor {
  /** Rejects with whatever the driver threw. */
  rows(statement: Statement, values: readonly SqlValue[]): Promise<readonly SqlRow[]>;
}

/** An executor that can also run several statements in one transaction. */
export interface SqlConnection extends SqlExecutor {
  /** Commits when `run` resolves and rolls back when it rejects; the executor is good for as long as `run` takes. */
  transaction<T>(run: (executor: SqlExecutor) => Promise<T>): Promise<T>;
}

/** An executor for dialects whose statements cannot give what they have changed. */
export interface CountingExecutor extends SqlExecutor {
  /** Runs a statement and gives how many rows it has inserted or deleted. */
  change(statement: Statement, values: readonly SqlValue[]): Promise<number>;
}

/** A connection whose executors count. */
export interface CountingConnection extends CountingExecutor {
  /** As {@link SqlConnection.transaction}; `isLong` allows it minutes. */
  transaction<T>(run: (executor: CountingExecutor) => Promise<T>, isLong?: boolean): Promise<T>;
}
