import { Collection } from "./collection.ts";
import type { SigningKeys } from "./dev-credentials.ts";
import { newId } from "./new-id.ts";
import type { StateStore } from "./state-store.ts";

/** The signing keys, and their rotation. */
export class KeyRing {
  readonly #records: Collection<SigningKeys>;
  readonly #first: SigningKeys;

  /** @param first the keys to begin with, until they are rotated */
  constructor(store: StateStore, first: SigningKeys) {
    this.#records = new Collection("keys", store);
    this.#first = first;
  }

  get keys(): SigningKeys {
    return this.#records.get("keys") ?? this.#first;
  }

  /** The next key becomes the current one, and a new one the next. */
  rotate(): SigningKeys {
    const keys = { current: this.keys.next, next: newId("sig_") };
    this.#records.set("keys", keys);
    return keys;
  }
}
