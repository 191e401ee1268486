import type { Backend } from "@taskwright/server/backend";
import type { FoundService, MissingService } from "../harness/services.ts";
import type { StoreContext, StoreFixture } from "./store-fixture.ts";

/** A backend to exercise. */
export interface BackendExercise extends StoreFixture {
  /** What the report calls it. */
  readonly name: string;
  /** The server that it needs; without it all cases are skipped, or fail where it is required. */
  readonly service?: FoundService | MissingService;
  /** Opens a new, empty store; the suite closes it. */
  readonly open: (context: StoreContext) => Promise<Backend>;
  /** Removes what the directory's removal leaves behind. */
  readonly remove?: (context: StoreContext) => Promise<void>;
  /** Where order holds among the ids of one part of the store only: cases about it, and what puts all their ids there. */
  readonly gathered?: { readonly cases: readonly string[]; readonly gather: (id: string) => string };
  /** Promises that this backend does not keep; each names its case exactly and gives the reason. */
  readonly skips: readonly { readonly case: string; readonly reason: string }[];
}

/** A fresh store, open. */
export interface OpenedStore {
  readonly backend: Backend;
  readonly context: StoreContext;
  readonly exercise: BackendExercise;
}
