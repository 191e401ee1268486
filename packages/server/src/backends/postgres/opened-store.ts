import { createHash } from "node:crypto";
import { TaskError } from "@taskwright/shared";
import type { SqlConnection, SqlExecutor, SqlRow, SqlValue, Statement } from "../sql/executor.ts";
import { isStorable } from "../sql/storable-text.ts";
import type { TableNames } from "../sql/table-names.ts";
import { isTransient, toTaskError } from "./driver-errors.ts";
import { LaterWatches } from "./later-watch.ts";
import { ListenConnection } from "./listen-connection.ts";
import type { PgPool } from "./pool-connection.ts";
import { type Statements, statementsOn } from "./statements/index.ts";
import { type Announcement, PostgresWakeups } from "./wakeups.ts";

const MOST_TRIES = 6;
const FIRST_PAUSE_MS = 5;

/** The channel of the tables of these names; the same in every process. */
function channelOf({ version }: TableNames): string {
  return `taskwright_${createHash("sha256").update(version).digest("hex").slice(0, 16)}`;
}

/** Gives facets the open database: its statements, run again where a conflict with others undid them. */
export class StoreHandle {
  readonly names: TableNames;
  readonly statements: Statements;
  readonly wakeups: PostgresWakeups;
  readonly #channel: string;
  /** What this process knows of task results for later. */
  readonly later: LaterWatches = new LaterWatches();
  readonly #connection: SqlConnection;
  #isOpen = false;

  /**
   * @param pool where a connection may be had that listens; null where there is none
   * @param longestPollMs how seldom watchers look where none listens
   */
  constructor(
    connection: SqlConnection,
    names: TableNames,
    pool: (() => Promise<PgPool>) | null,
    longestPollMs: number,
  ) {
    this.#connection = connection;
    this.names = names;
    this.statements = statementsOn(names);
    this.#channel = channelOf(names);
    const { announce, withdraw, notify, notifyReady, notifyResults } = this.statements;
    const notices = { all: notify, idle: notifyReady, waiting: notifyResults };
    const store = {
      announce: async ({ id, queues, awaitsReady, awaitsResults, forMs }: Announcement) => {
        const json = queues === null ? null : JSON.stringify(queues.filter(isStorable));
        await this.rows(announce, [id, json, awaitsReady, awaitsResults, forMs]);
      },
      withdraw: async (id: string) => void (await this.rows(withdraw, [id])),
      notify: async (to: keyof typeof notices, payload: string) =>
        void (await this.rows(notices[to], [this.#channel, JSON.stringify([payload])])),
      onLater: () => this.later.forget(),
    };
    this.wakeups = new PostgresWakeups(
      store,
      (handle) => (pool === null ? null : new ListenConnection(pool, this.#channel, handle)),
      longestPollMs,
    );
  }

  /** Where processes tell one another of changes. */
  get channel(): string {
    return this.#channel;
  }

  setOpen(isOpen: boolean): void {
    this.#isOpen = isOpen;
  }

  /** Runs a statement in a transaction of its own; throws CLOSED, and a TaskError for what the driver threw. */
  rows(statement: Statement, values: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    return this.#again((tries) =>
      // The user's default isolation may be one that undoes statements for conflicts; that of a transaction is ours.
      tries === 1
        ? this.#connection.rows(statement, values)
        : this.#connection.transaction((executor) => executor.rows(statement, values)),
    );
  }

  /** Runs statements in one transaction, all of them again where a conflict undid it; throws as {@link rows} does. */
  transaction<T>(run: (executor: SqlExecutor) => Promise<T>): Promise<T> {
    return this.#again(() => this.#connection.transaction(run));
  }

  async #again<T>(run: (tries: number) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      if (!this.#isOpen)
        throw new TaskError({ code: "CLOSED", message: "The PostgreSQL backend is not open." });
      try {
        return await run(tries);
      } catch (error) {
        if (tries >= MOST_TRIES || !isTransient(error)) throw toTaskError(error);
        const pause = FIRST_PAUSE_MS * 2 ** tries * Math.random();
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }
}
