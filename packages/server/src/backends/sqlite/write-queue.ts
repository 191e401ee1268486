import { setTimeout as wait } from "node:timers/promises";
import { isTaskError, TaskError } from "@taskwright/shared";
import type { Connection } from "./connection.ts";
import { isBusy, toTaskError } from "./driver-errors.ts";

const MOST_IN_A_GROUP = 64;
const LONGEST_PAUSE_MS = 25;
/** What a write may take beyond its wait for locks; callers wait longer than that, and later have been told that it failed. */
const LONGEST_TURN_MS = 20_000;
const TRIM_ATTEMPTS = 20;
const TRIM_PAUSE_MS = 5;

interface Waiting {
  /** On the monotonic clock. */
  readonly askedAt: number;
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
      const askedAt = performance.now();
      this.#waiting.push({ askedAt, run, resolve: resolve as (value: unknown) => void, reject });
      if (this.#isWorking) return;
      this.#isWorking = true;
      queueMicrotask(() => {
        this.#working = this.#work();
      });
    });
  }

  /** Runs what may meet a lock, waiting for it up to the lock timeout, which begins at `since` or at the first lock. */
  async patiently<T>(run: () => T, since?: number): Promise<T> {
    let pauseMs = 1;
    let giveUpAt = since === undefined ? null : since + this.#lockTimeoutMs;
    for (;;) {
      if (this.#closed !== null) throw this.#closed;
      this.#connection.checkFile();
      try {
        return run();
      } catch (error) {
        if (!isBusy(error)) throw error;
        giveUpAt ??= performance.now() + this.#lockTimeoutMs;
        if (performance.now() >= giveUpAt) throw this.#lockedTooLong(error);
      }
      await wait(pauseMs * (0.5 + Math.random()));
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
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
      if (this.#connection.isWalLarge) await this.#trimWal();
    }
    this.#isWorking = false;
  }

  /** Runs a group in one transaction and answers its callers; false when another way should be tried. */
  async #commit(group: readonly Waiting[]): Promise<boolean> {
    const { db, file } = this.#connection;
    const first = Math.min(...group.map(({ askedAt }) => askedAt));
    try {
      await this.patiently(() => db.exec("BEGIN IMMEDIATE"), first);
    } catch (error) {
      const isLocked = isTaskError(error) && isBusy(error.cause);
      // Those that came later have time left; the first one has not, so this comes to an end.
      const patient = isLocked ? group.filter(({ askedAt }) => !this.#isPast(askedAt, 0)) : [];
      for (const waiting of group) if (!patient.includes(waiting)) waiting.reject(toTaskError(error, file));
      this.#waiting.unshift(...patient);
      return true;
    }
    try {
      // This process may have stood still meanwhile.
      const inTime = group.filter(({ askedAt }) => !this.#isPast(askedAt, LONGEST_TURN_MS));
      const values = inTime.map((waiting) => waiting.run());
      db.exec("COMMIT");
      inTime.forEach((waiting, index) => {
        waiting.resolve(values[index]);
      });
      for (const waiting of group) if (!inTime.includes(waiting)) waiting.reject(this.#cameTooLate());
      return true;
    } catch (error) {
      this.#rollBack();
      if (group.length > 1) return false;
      group[0]?.reject(toTaskError(error, file));
      return true;
    }
  }

  #isPast(askedAt: number, extraMs: number): boolean {
    return performance.now() >= askedAt + this.#lockTimeoutMs + extraMs;
  }

  /**
   * Empties a WAL that has grown large, writing nothing meanwhile.
   *
   * SQLite begins a WAL anew in a moment without readers, which processes that read without a pause may never leave it.
   * When nobody writes, those who begin to read soon find all in the database itself, and leave the WAL alone.
   */
  async #trimWal(): Promise<void> {
    try {
      for (let attempt = 0; attempt < TRIM_ATTEMPTS && this.#closed === null; attempt++) {
        if (this.#connection.trimWal()) return;
        await wait(TRIM_PAUSE_MS);
      }
    } catch {
      // What was committed is safe in the WAL, and whatever is wrong is met by the next operation.
    }
    this.#connection.postponeTrim();
  }

  #rollBack(): void {
    try {
      this.#connection.db.exec("ROLLBACK");
    } catch {
      // After some failures, a full disk among them, SQLite has ended the transaction itself and there is none to end.
      // The callers are told of that failure; should it be another trouble, the next transaction meets it again.
    }
  }

  #cameTooLate(): TaskError {
    return new TaskError({
      code: "BACKEND_UNAVAILABLE",
      message: `This process did not come to a write to the database ${this.#connection.file} in time; nothing was changed.`,
    });
  }

  #lockedTooLong(cause: unknown): TaskError {
    return new TaskError({
      code: "BACKEND_UNAVAILABLE",
      message: `The database ${this.#connection.file} was locked by another process for longer than the lockTimeout of ${this.#lockTimeoutMs} ms; nothing was changed. End the program that keeps a transaction open, or raise lockTimeout.`,
      cause,
    });
  }
}
