import type { NewTask } from "@taskwright/server/backend";

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

/** The situations that only the author of a backend can bring about; each is there, or its absence has a reason. */
export interface StoreFixture {
  /** A module that exports `openStore(context): Promise<Backend>`, for processes that share the store. */
  readonly processes: { readonly opener: string } | Impossible;
  /** Makes an item that this store refuses, of one that it takes. */
  readonly unstorable: { readonly spoil: (task: NewTask) => NewTask } | Impossible;
  /** Makes every operation fail from now on, as a lost connection or a destroyed file does. */
  readonly breakage: { readonly inflict: (context: StoreContext) => Promise<void> } | Impossible;
  /** How many rows, keys or entries the store holds. */
  readonly footprint: { readonly measure: (context: StoreContext) => Promise<number> } | Impossible;
}
