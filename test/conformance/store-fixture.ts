import type { NewTask, TransactionSource } from "@taskwright/server/backend";

/** A store that nothing else uses: a backend puts its file, schema or key prefix there. */
export interface StoreContext {
  /** Lower-case letters and digits, unique. */
  readonly namespace: string;
  /** An empty directory, removed afterwards. */
  readonly directory: string;
}

/** Why a store cannot be put in some situation. */
export interface Impossible {
  readonly none: string;
}

/** The data of an application that keeps its tasks in the same database. */
export interface CallersDatabase {
  /** What begins transactions: a Prisma client, or a pool of `pg`. */
  readonly source: TransactionSource;
  /** Runs work in a transaction as an application does that knows nothing of tasks. */
  begin<T>(work: (tx: never) => Promise<T>): Promise<T>;
  /** Writes a line in a transaction. */
  write(tx: unknown, line: string): Promise<void>;
  /** The lines that are committed, in the order of their letters. */
  lines(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** The situations that only the author of a backend can bring about; each is there, or its absence has a reason. */
export interface StoreFixture {
  /** A module that exports `openStore(context): Promise<Backend>`, for processes that share the store. */
  readonly processes: { readonly opener: string } | Impossible;
  /** Makes an item that this store refuses, of one that it takes. */
  readonly unstorable: { readonly spoil: (task: NewTask) => NewTask } | Impossible;
  /** Makes every operation fail from now on, as a lost connection or a destroyed file does. */
  readonly breakage: { readonly inflict: (context: StoreContext) => Promise<void> } | Impossible;
  /** Makes a table of the application's beside the store's. */
  readonly callers: { readonly open: (context: StoreContext) => Promise<CallersDatabase> } | Impossible;
  /** How many rows, keys or entries the store holds. */
  readonly footprint: { readonly measure: (context: StoreContext) => Promise<number> } | Impossible;
}
