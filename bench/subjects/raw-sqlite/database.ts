import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { BenchInput } from "../contract.ts";
import { OrderedIds } from "../ordered-ids.ts";

/**
 * How often to try for the write lock, and for how long, with the thread asleep in between.
 *
 * The driver's own waiting sleeps for up to 100 ms at a time and so leaves the lock to whoever gives it back and takes
 * it again at once.
 */
const TRY_LOCK_EVERY_MS = 0.2;
const LOCK_TIMEOUT_MS = 10_000;
const SQLITE_BUSY = 5;
const NEVER_NOTIFIED = new Int32Array(new SharedArrayBuffer(4));

const ROWS_PER_STATEMENT = 50;
const LEASE_MS = 60_000;

const DUE = 1;
const RUNNING = 2;
const SUCCESSFUL = 3;

const INSERT = `INSERT INTO taskwright_task
  (id, path, queue, state, priority, rank, run_after, max_retries, enqueued_at, codec, input) VALUES `;
const NEW_ROW = `(?, 'sendEmail', 'default', ${DUE}, 0, ?, ?, 3, ?, 'json', ?)`;

const CLAIM = `UPDATE taskwright_task SET
    state = ${RUNNING}, attempts = attempts + 1, lease_token = ?1, lease_expires_at = ?2,
    started_at = coalesce(started_at, ?3), last_attempted_at = ?3,
    worker_ids = CASE WHEN worker_ids IS NULL THEN '[' || ?4 || ']'
      ELSE substr(worker_ids, 1, length(worker_ids) - 1) || ',' || ?4 || ']' END
  WHERE seq IN (
    SELECT seq FROM taskwright_task INDEXED BY taskwright_task_due
    WHERE state = ${DUE} AND queue = 'default' AND path = 'sendEmail' ORDER BY rank, seq LIMIT ?5)
  RETURNING seq, input`;

const COMPLETE = `UPDATE taskwright_task SET
    state = ${SUCCESSFUL}, output = ?, finished_at = ?, lease_token = NULL, lease_expires_at = NULL, cancel_requested = 0
  WHERE seq = ? AND lease_token = ? AND state = ${RUNNING}`;

/** A claimed row: its `seq` and its input as text. */
export type ClaimedRow = readonly [seq: number, input: string];

/** What has been run under one lease: `seq` and output as text. */
export interface Completed {
  readonly token: number;
  readonly rows: readonly (readonly [seq: number, output: string])[];
}

/** The statements that the work needs at the least, on the tables that the backend's own migrations made. */
export class RawDatabase {
  readonly #db: DatabaseSync;
  readonly #insertOne: StatementSync;
  readonly #insertSome: StatementSync;
  readonly #claim: StatementSync;
  readonly #complete: StatementSync;
  readonly #workerName = JSON.stringify(`floor-${process.pid}`);
  readonly #ids = new OrderedIds();

  constructor(file: string) {
    this.#db = new DatabaseSync(file, { timeout: 0 });
    this.#db.exec("PRAGMA synchronous = FULL");
    this.#insertOne = this.#db.prepare(INSERT + NEW_ROW);
    this.#insertSome = this.#db.prepare(INSERT + Array(ROWS_PER_STATEMENT).fill(NEW_ROW).join(","));
    this.#claim = this.#db.prepare(CLAIM);
    this.#claim.setReturnArrays(true);
    this.#complete = this.#db.prepare(COMPLETE);
  }

  /** Stores tasks in one transaction. */
  insert(inputs: readonly BenchInput[]): void {
    const now = Date.now();
    this.#transaction(() => {
      let next = 0;
      for (; next + ROWS_PER_STATEMENT <= inputs.length; next += ROWS_PER_STATEMENT) {
        const values: (string | number)[] = [];
        for (const input of inputs.slice(next, next + ROWS_PER_STATEMENT))
          values.push(this.#ids.next(now), now, now, now, JSON.stringify(input));
        this.#insertSome.run(...values);
      }
      for (const input of inputs.slice(next))
        this.#insertOne.run(this.#ids.next(now), now, now, now, JSON.stringify(input));
    });
  }

  /** Stores what is done and claims what comes next, in one transaction. */
  completeAndClaim(done: Completed | null, claim: { token: number; limit: number }): readonly ClaimedRow[] {
    const now = Date.now();
    return this.#transaction(() => {
      // One by one: tried faster than one statement with all of them as JSON.
      for (const [seq, output] of done?.rows ?? []) this.#complete.run(output, now, seq, done?.token ?? 0);
      const { token, limit } = claim;
      return this.#claim.all(
        token,
        now + LEASE_MS,
        now,
        this.#workerName,
        limit,
      ) as unknown as readonly ClaimedRow[];
    });
  }

  count(): { ready: number; successful: number } {
    const count = (condition: string) =>
      (
        this.#db.prepare(`SELECT count(*) AS n FROM taskwright_task WHERE ${condition}`).get() as {
          n: number;
        }
      ).n;
    return { ready: count("state <= 1"), successful: count(`state = ${SUCCESSFUL}`) };
  }

  close(): void {
    this.#db.close();
  }

  #begin(): void {
    const giveUpAt = performance.now() + LOCK_TIMEOUT_MS;
    for (;;) {
      try {
        this.#db.exec("BEGIN IMMEDIATE");
        return;
      } catch (error) {
        if ((error as { errcode?: number }).errcode !== SQLITE_BUSY || performance.now() > giveUpAt)
          throw error;
      }
      Atomics.wait(NEVER_NOTIFIED, 0, 0, TRY_LOCK_EVERY_MS);
    }
  }

  #transaction<T>(run: () => T): T {
    this.#begin();
    try {
      const value = run();
      this.#db.exec("COMMIT");
      return value;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }
}
