import { setTimeout as pause } from "node:timers/promises";
import { TaskError } from "@taskwright/shared";
import type { CountingConnection, CountingExecutor, SqlRow, SqlValue, Statement } from "../sql/executor.ts";
import { PollingWakeups } from "../sql/polling-wakeups.ts";
import type { TableNames } from "../sql/table-names.ts";
import { isTransient, toTaskError } from "./driver-errors.ts";
import { KnownLanes } from "./known-lanes.ts";

const MOST_TRIES = 8;
const FIRST_PAUSE_MS = 5;

/** Gives facets the open database, and runs again what conflicts with others undid. */
export class StoreHandle {
  readonly names: TableNames;
  readonly wakeups: PollingWakeups;
  /** The queues and paths that claims know of. */
  readonly lanes: KnownLanes = new KnownLanes();
  readonly #connection: CountingConnection;
  #isOpen = false;

  /** @param longestPollMs how seldom watchers look when nothing has come of it for a while */
  constructor(connection: CountingConnection, names: TableNames, longestPollMs: number) {
    this.#connection = connection;
    this.names = names;
    this.wakeups = new PollingWakeups(longestPollMs);
  }

  setOpen(isOpen: boolean): void {
    this.#isOpen = isOpen;
  }

  /** Runs a statement by itself; only for what reads without locks. */
  rows(statement: Statement, values: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    return this.#again(() => this.#connection.rows(statement, values));
  }

  /** Runs a statement by itself that changes rows by their whole keys only, which locks the same in every isolation. */
  change(statement: Statement, values: readonly SqlValue[]): Promise<number> {
    return this.#again(() => this.#connection.change(statement, values));
  }

  /**
   * Runs statements in a transaction, all of them again where a conflict undid it.
   *
   * Throws CLOSED, and a TaskError for what the driver threw.
   */
  transaction<T>(run: (executor: CountingExecutor) => Promise<T>, isLong = false): Promise<T> {
    return this.#again(() => this.#connection.transaction(run, isLong));
  }

  async #again<T>(run: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      if (!this.#isOpen) {
        throw new TaskError({ code: "CLOSED", message: "The backend on MariaDB or MySQL is not open." });
      }
      try {
        return await run();
      } catch (error) {
        // Tables that are missing, or read-only ones, may be others when they are back.
        this.lanes.forget();
        if (tries >= MOST_TRIES || !isTransient(error)) throw toTaskError(error);
        await pause(FIRST_PAUSE_MS * 2 ** tries * Math.random());
      }
    }
  }
}
