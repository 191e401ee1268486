import type { StopWatching } from "../../backend/index.ts";

type Wake = () => void;

/** A worker that waits for task results of some queues. */
export interface ReadyWatch {
  readonly queues: readonly string[] | "all";
  readonly wake: Wake;
}

/** Who in this process waits for what. */
export class Watches {
  readonly #onReady = new Set<ReadyWatch>();
  readonly #onCancel = new Map<string, Set<Wake>>();
  readonly #onResult = new Map<string, Set<Wake>>();

  /** Adds a worker that waits for task results. */
  addReady(request: ReadyWatch): StopWatching {
    const watch = { ...request };
    this.#onReady.add(watch);
    return () => this.#onReady.delete(watch);
  }

  /** Adds a worker that wants to know of cancels. */
  addCancels(workerId: string, wake: Wake): StopWatching {
    return addTo(this.#onCancel, workerId, wake);
  }

  /** Adds somebody who waits for a result. */
  addResult(id: string, wake: Wake): StopWatching {
    return addTo(this.#onResult, id, wake);
  }

  /** The queues that workers wait for, of each of them. */
  get readyQueues(): readonly (readonly string[] | "all")[] {
    return [...this.#onReady].map(({ queues }) => queues);
  }

  /** Whether somebody waits for a result. */
  get hasResults(): boolean {
    return this.#onResult.size > 0;
  }

  /** Whether a worker waits for task results. */
  get hasReady(): boolean {
    return this.#onReady.size > 0;
  }

  /** Whether anybody waits for anything. */
  get isAny(): boolean {
    return this.#onReady.size + this.#onCancel.size + this.#onResult.size > 0;
  }

  wakeReady(): void {
    for (const { wake } of [...this.#onReady]) wake();
  }

  wakeCancels(workerId: string): void {
    wakeAll(this.#onCancel.get(workerId));
  }

  /** Wakes those who wait for some results, or for any. */
  wakeResults(ids: readonly string[] | "all"): void {
    for (const id of ids === "all" ? [...this.#onResult.keys()] : ids) wakeAll(this.#onResult.get(id));
  }

  wakeEverybody(): void {
    this.wakeReady();
    this.wakeResults("all");
    for (const workerId of [...this.#onCancel.keys()]) this.wakeCancels(workerId);
  }

  clear(): void {
    this.#onReady.clear();
    this.#onCancel.clear();
    this.#onResult.clear();
  }
}

function wakeAll(wakes: ReadonlySet<Wake> | undefined): void {
  for (const wake of [...(wakes ?? [])]) wake();
}

function addTo(watches: Map<string, Set<Wake>>, key: string, wake: Wake): () => void {
  const wakes = watches.get(key) ?? new Set();
  watches.set(key, wakes);
  // A function of its own for each call: the same callback may be given twice.
  const entry = () => wake();
  wakes.add(entry);
  return () => {
    wakes.delete(entry);
    if (wakes.size === 0 && watches.get(key) === wakes) watches.delete(key);
  };
}
