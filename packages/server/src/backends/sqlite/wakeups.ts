import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";
import type { StopWatching, Wakeups } from "../../backend/index.ts";

/**
 * When to look after a notice, in milliseconds: the notice comes when the WAL is written, and the commit shows only after
 * the sync that follows. Several commits within the first wait wake once.
 */
const LOOK_AFTER_MS: readonly number[] = [1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
/** How often to look where the folder cannot be watched. */
const POLL_MS = 1_000;

/** Tells watchers in this process of this process's own writes. */
export interface LocalWakes {
  ready(): void;
  result(id: string): void;
  cancel(): void;
}

type Wake = () => void;

/**
 * Wakes watchers when this process writes, and when another one does.
 *
 * Every commit writes the file's WAL, so the operating system's notice of that is the signal between processes: nothing
 * is polled, and writers do nothing for it. One watch serves all watchers, and there is none without watchers.
 */
export class SqliteWakeups implements Wakeups, LocalWakes {
  readonly #file: string;
  readonly #dataVersion: () => number | null;
  readonly #onReady = new Set<Wake>();
  readonly #onCancel = new Set<Wake>();
  readonly #onResult = new Map<string, Set<Wake>>();
  #watcher: FSWatcher | null = null;
  #poll: NodeJS.Timeout | null = null;
  #gathering: NodeJS.Timeout | null = null;
  /** Which of the waits it is. */
  #step = 0;
  #isNoticed = false;
  #seenVersion: number | null = null;
  #watchError: unknown = null;

  /** @param dataVersion gives a number that changes with commits of others; null while the file is not open */
  constructor(file: string, dataVersion: () => number | null) {
    this.#file = file;
    this.#dataVersion = dataVersion;
  }

  /** Why the folder cannot be watched, or null. */
  get watchError(): unknown {
    return this.#watchError;
  }

  watchReady({ wake }: { readonly wake: Wake }): StopWatching {
    return this.#add(this.#onReady, wake);
  }

  watchCancels({ wake }: { readonly wake: Wake }): StopWatching {
    return this.#add(this.#onCancel, wake);
  }

  watchResult({ id, wake }: { readonly id: string; readonly wake: Wake }): StopWatching {
    const wakes = this.#onResult.get(id) ?? new Set();
    this.#onResult.set(id, wakes);
    const stop = this.#add(wakes, wake);
    return () => {
      stop();
      if (wakes.size === 0 && this.#onResult.get(id) === wakes) this.#onResult.delete(id);
    };
  }

  ready(): void {
    for (const wake of this.#onReady) wake();
  }

  cancel(): void {
    for (const wake of this.#onCancel) wake();
  }

  result(id: string): void {
    for (const wake of this.#onResult.get(id) ?? []) wake();
  }

  /** Ends the watch; watchers are woken no more. */
  close(): void {
    this.#onReady.clear();
    this.#onCancel.clear();
    this.#onResult.clear();
    this.#stopWatching();
  }

  #add(wakes: Set<Wake>, wake: Wake): StopWatching {
    // A function of its own for each call: the same callback may be given twice.
    const entry = () => wake();
    wakes.add(entry);
    this.#startWatching();
    return () => {
      wakes.delete(entry);
      if (
        this.#onReady.size + this.#onCancel.size === 0 &&
        [...this.#onResult.values()].every((set) => set.size === 0)
      ) {
        this.#stopWatching();
      }
    };
  }

  #startWatching(): void {
    if (this.#watcher !== null || this.#poll !== null) return;
    this.#seenVersion = this.#dataVersion();
    const wal = `${basename(this.#file)}-wal`;
    try {
      this.#watcher = watch(dirname(this.#file), { persistent: false }, (_event, name) => {
        if (name === wal || name === null) this.#gather();
      });
      this.#watcher.on("error", (error) => this.#pollInstead(error));
    } catch (error) {
      this.#pollInstead(error);
    }
  }

  #pollInstead(error: unknown): void {
    this.#watchError = error;
    this.#watcher?.close();
    this.#watcher = null;
    this.#poll ??= setInterval(() => this.#look(), POLL_MS).unref();
  }

  #stopWatching(): void {
    this.#watcher?.close();
    this.#watcher = null;
    if (this.#poll !== null) clearInterval(this.#poll);
    this.#poll = null;
    if (this.#gathering !== null) clearTimeout(this.#gathering);
    this.#gathering = null;
  }

  /** A notice makes the waits begin anew: at once, or after the first one when that is under way. */
  #gather(): void {
    if (this.#gathering === null) this.#lookLater(0);
    else if (this.#step === 0) this.#isNoticed = true;
    else {
      clearTimeout(this.#gathering);
      this.#lookLater(0);
    }
  }

  #lookLater(step: number): void {
    this.#step = step;
    this.#gathering = setTimeout(() => {
      this.#gathering = null;
      const next = this.#isNoticed ? 0 : step + 1;
      this.#isNoticed = false;
      const hasSeen = this.#look();
      if ((next === 0 || !hasSeen) && next < LOOK_AFTER_MS.length) this.#lookLater(next);
    }, LOOK_AFTER_MS[step]).unref();
  }

  /** Wakes everybody when another process has committed; tells whether one has. */
  #look(): boolean {
    const version = this.#dataVersion();
    if (version === null || version === this.#seenVersion) return false;
    this.#seenVersion = version;
    for (const wakes of [this.#onReady, this.#onCancel, ...this.#onResult.values()]) {
      for (const wake of [...wakes]) wake();
    }
    return true;
  }
}
