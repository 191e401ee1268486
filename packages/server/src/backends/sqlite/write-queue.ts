import { setTimeout as wait } from "node:timers/promises";
import { TaskError } from "@taskwright/shared";
import type { Connection } from "./connection.ts";
import { isBusy, toTaskError } from "./driver-errors.ts";

const MOST_IN_A_GROUP = 64;
const LONGEST_PAUSE_MS = 25;

interface Waiting {
  readonly run: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The one way to write: what is asked for in the same turn of the event loop shares one transaction, and so one sync.
 *
 * A transaction is never held across an await, and its lock is waited for without stopping the event loop.
 */
export class WriteQueue {
  readonly #connection: Connection;
  readonly #lockTimeoutMs: number;
  #waiting: Waiting[] = [];
  #isWorking = false;
  #closed: TaskError | null = null;
  #working: Promise<void> = Promise.resolve();

  constructor(connection: Connection, lockTimeoutMs: number) {
    this.#connection = connection;
    this.#lockTimeoutMs = lockTimeoutMs;
  }

  /** Runs `run` inside a transaction; resolves after its commit. */
  write<T>(run: () => T): Promise<T> {
    if (this.#closed !== null) return Promise.reject(this.#closed);
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ run, resolve: resolve as (value: unknown) => void, reject });
      if (this.#isWorking) return;
      this.#isWorking = true;
      queueMicrotask(() => {
        this.#working = this.#work();
      });
    });
  }

  /** Runs what cannot run in a transaction, waiting for the lock as a transaction does. */
  async exclusively(run: () => void): Promise<void> {
    await this.#patiently(run);
  }

  /** Refuses what waits and what comes; resolves when the transaction under way is over. */
  async close(): Promise<void> {
    this.#closed = new TaskError({
      code: "CLOSED",
      message: `The backend of ${this.#connection.file} was closed.`,
    });
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#closed);
    await this.#working;
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, MOST_IN_A_GROUP);
      const isDone = await this.#commit(group);
      // One that cannot be done must not take the others of its turn along.
      if (!isDone) for (const alone of group) await this.#commit([alone]);
    }
    this.#isWorking = false;
  }

  /** Runs a group in one transaction and answers its callers; false when another way should be tried. */
  async #commit(group: readonly Waiting[]): Promise<boolean> {
    const { db, file } = this.#connection;
    try {
      await this.#patiently(() => db.exec("BEGIN IMMEDIATE"));
    } catch (error) {
      for (const waiting of group) waiting.reject(toTaskError(error, file));
      return true;
    }
    try {
      const values = group.map((waiting) => waiting.run());
      db.exec("COMMIT");
      group.forEach((waiting, index) => {
        waiting.resolve(values[index]);
      });
      return true;
    } catch (error) {
      if (db.isOpen && db.isTransaction) db.exec("ROLLBACK");
      if (group.length > 1) return false;
      group[0]?.reject(toTaskError(error, file));
      return true;
    }
  }

  /** Runs what needs the write lock, waiting for it up to the lock timeout. */
  async #patiently(run: () => void): Promise<void> {
    let pauseMs = 1;
    let giveUpAt: number | null = null;
    for (;;) {
      if (this.#closed !== null) throw this.#closed;
      this.#connection.checkFile();
      try {
        run();
        return;
      } catch (error) {
        giveUpAt ??= performance.now() + this.#lockTimeoutMs;
        if (!isBusy(error) || performance.now() >= giveUpAt) throw error;
      }
      await wait(pauseMs * (0.5 + Math.random()));
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }
}
