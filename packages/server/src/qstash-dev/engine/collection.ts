import type { StateStore } from "./state-store.ts";

/** Bounds of a collection that forgets its oldest records; without numbers it is weighed only. */
export interface CollectionBounds<T> {
  readonly count?: number;
  /** The most that all records may weigh together. */
  readonly weight?: number;
  readonly weigh?: (record: T) => number;
}

/** Records by id in the order of their creation, written through to a store. */
export class Collection<T> {
  readonly #kind: string;
  readonly #store: StateStore;
  readonly #bounds: CollectionBounds<T> | null;
  readonly #records = new Map<string, T>();
  #weight = 0;

  constructor(kind: string, store: StateStore, bounds: CollectionBounds<T> | null = null) {
    this.#kind = kind;
    this.#store = store;
    this.#bounds = bounds;
    for (const [id, value] of store.load(kind)) {
      this.#records.set(id, value as T);
      this.#weight += this.#weigh(value as T);
    }
  }

  get size(): number {
    return this.#records.size;
  }

  /** What all records weigh together. */
  get weight(): number {
    return this.#weight;
  }

  get(id: string): T | undefined {
    return this.#records.get(id);
  }

  values(): readonly T[] {
    return [...this.#records.values()];
  }

  set(id: string, record: T): void {
    const before = this.#records.get(id);
    if (before !== undefined) this.#weight -= this.#weigh(before);
    this.#store.put(this.#kind, id, record);
    this.#records.set(id, record);
    this.#weight += this.#weigh(record);
    this.#forget();
  }

  /** False when there was none. */
  delete(id: string): boolean {
    const record = this.#records.get(id);
    if (record === undefined) return false;
    this.#store.remove(this.#kind, id);
    this.#records.delete(id);
    this.#weight -= this.#weigh(record);
    return true;
  }

  #weigh(record: T): number {
    return this.#bounds?.weigh?.(record) ?? 0;
  }

  #forget(): void {
    if (this.#bounds === null) return;
    const { count = Number.POSITIVE_INFINITY, weight = Number.POSITIVE_INFINITY } = this.#bounds;
    while (this.#records.size > 1 && (this.#records.size > count || this.#weight > weight)) {
      const [oldest] = this.#records.keys();
      if (oldest === undefined) return;
      this.delete(oldest);
    }
  }
}
