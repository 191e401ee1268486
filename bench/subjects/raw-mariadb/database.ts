import mariadb, { type Pool, type PoolConnection } from "mariadb";
import type { BenchInput } from "../contract.ts";
import { poolOptions } from "../mariadb-server.ts";
import { OrderedIds } from "../ordered-ids.ts";

const DUE = 1;
const RUNNING = 2;
const SUCCESSFUL = 3;
const LEASE_MS = 60_000;

/** One table for everything a task needs: queue, path, rank, time, attempts, lease and result. */
export const TABLE = `CREATE TABLE task (
  seq bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, id char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE,
  path varchar(200) NOT NULL, queue varchar(100) NOT NULL, state tinyint NOT NULL DEFAULT ${DUE},
  priority smallint NOT NULL DEFAULT 0, \`rank\` bigint NOT NULL, run_after bigint NOT NULL, enqueued_at bigint NOT NULL,
  attempts int NOT NULL DEFAULT 0, max_retries int NOT NULL DEFAULT 3,
  lease_token bigint, lease_expires_at bigint, worker_id varchar(100), started_at bigint, finished_at bigint,
  input longtext NOT NULL, output longtext, KEY task_due (state, queue, path, \`rank\`, seq)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`;

/** A claimed row: its `seq` and its input as text. */
export type ClaimedRow = readonly [seq: number, input: string];

/** What has been run under one lease: rows and their outputs as text. */
export interface Completed {
  readonly token: number;
  readonly outputs: readonly (readonly [seq: number, output: string])[];
}

/** The statements that the work needs at the least, prepared once for each connection. */
export class RawDatabase {
  readonly pool: Pool;
  readonly #ids = new OrderedIds();
  readonly #workerId = `floor-${process.pid}`;

  constructor(database: string) {
    this.pool = mariadb.createPool({
      ...poolOptions(database),
      bigIntAsNumber: true,
      // Without gap locks, which would keep others from inserting.
      initSql: "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    });
  }

  /** Stores tasks. */
  async insert(inputs: readonly BenchInput[]): Promise<void> {
    const now = Date.now();
    const items = inputs.map((input) => [this.#ids.next(now), JSON.stringify(input)]);
    await this.pool.execute(
      `INSERT INTO task (id, path, queue, \`rank\`, run_after, enqueued_at, input)
      SELECT i.id, 'sendEmail', 'default', ?, ?, ?, i.input FROM JSON_TABLE(?, '$[*]' COLUMNS (
        id char(36) CHARACTER SET ascii PATH '$[0]', input longtext CHARACTER SET utf8mb4 PATH '$[1]')) i`,
      [now, now, now, JSON.stringify(items)],
    );
  }

  /** Claims the first in line that nobody else is claiming, in order. */
  async claim(token: number, limit: number): Promise<readonly ClaimedRow[]> {
    const connection = await this.pool.getConnection();
    try {
      const [, claimed] = await Promise.all([connection.beginTransaction(), lockFirst(connection, limit)]);
      // The driver sends what is not awaited in between without waiting for answers.
      await Promise.all([
        claimed.length === 0 ? null : this.#begin(connection, token, claimed),
        connection.commit(),
      ]);
      return claimed;
    } finally {
      await connection.release();
    }
  }

  /** Ends what still has its lease, in one statement. */
  async complete({ token, outputs }: Completed): Promise<void> {
    await this.pool.execute(
      `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (seq bigint PATH '$[0]', output longtext CHARACTER SET utf8mb4 PATH '$[1]')) i
      STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.seq = i.seq AND t.lease_token = ? AND t.state = ${RUNNING}
      SET t.state = ${SUCCESSFUL}, t.output = i.output, t.finished_at = ?, t.lease_token = NULL, t.lease_expires_at = NULL`,
      [JSON.stringify(outputs), token, Date.now()],
    );
  }

  async count(): Promise<{ ready: number; successful: number }> {
    const rows: { state: number; size: number }[] = await this.pool.query(
      "SELECT state, count(*) AS size FROM task GROUP BY state",
    );
    const sizeOf = (state: number) => rows.find((row) => row.state === state)?.size ?? 0;
    return { ready: sizeOf(DUE), successful: sizeOf(SUCCESSFUL) };
  }

  #begin(connection: PoolConnection, token: number, claimed: readonly ClaimedRow[]): Promise<unknown> {
    const now = Date.now();
    return connection.execute(
      `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (seq bigint PATH '$')) i STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.seq = i.seq
      SET t.state = ${RUNNING}, t.attempts = t.attempts + 1, t.lease_token = ?, t.lease_expires_at = ?, t.worker_id = ?,
        t.started_at = coalesce(t.started_at, ?)`,
      [JSON.stringify(claimed.map(([seq]) => seq)), token, now + LEASE_MS, this.#workerId, now],
    );
  }
}

function lockFirst(connection: PoolConnection, limit: number): Promise<readonly ClaimedRow[]> {
  return connection.execute(
    {
      sql: `SELECT seq, input FROM task FORCE INDEX (task_due)
      WHERE state = ${DUE} AND queue = 'default' AND path = 'sendEmail' AND run_after <= ?
      ORDER BY state, queue, path, \`rank\`, seq LIMIT ${limit} FOR UPDATE SKIP LOCKED`,
      rowsAsArray: true,
    },
    [Date.now()],
  );
}
