import pg from "pg";
import type { BenchInput } from "../contract.ts";
import { OrderedIds } from "../ordered-ids.ts";

const DUE = 1;
const RUNNING = 2;
const SUCCESSFUL = 3;
const LEASE_MS = 60_000;

/** One table for everything a task needs: queue, path, rank, time, attempts, lease and result; and who is idle. */
export function tablesOf(schema: string): string {
  return `CREATE TABLE ${schema}.task (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL UNIQUE,
    path text COLLATE "C" NOT NULL, queue text COLLATE "C" NOT NULL, state smallint NOT NULL DEFAULT ${DUE},
    priority smallint NOT NULL DEFAULT 0, rank bigint NOT NULL, run_after bigint NOT NULL, enqueued_at bigint NOT NULL,
    attempts integer NOT NULL DEFAULT 0, max_retries integer NOT NULL DEFAULT 3,
    lease_token bigint, lease_expires_at bigint, worker_id text, started_at bigint, finished_at bigint,
    input text, output text);
  CREATE INDEX task_due ON ${schema}.task (queue, path, rank, seq) WHERE state = ${DUE};
  CREATE TABLE ${schema}.idle (worker text PRIMARY KEY)`;
}

/** A claimed row: its `seq` and its input as text. */
export type ClaimedRow = readonly [seq: string, input: string];

/** What has been run under one lease: rows and their outputs as text. */
export interface Completed {
  readonly token: number;
  readonly seqs: readonly string[];
  readonly outputs: readonly string[];
}

/** The statements that the work needs at the least, prepared once for each connection. */
export class RawDatabase {
  readonly pool: pg.Pool;
  readonly schema: string;
  readonly #ids = new OrderedIds();
  readonly #workerId = `floor-${process.pid}`;

  constructor(url: string, schema: string) {
    this.schema = schema;
    this.pool = new pg.Pool({
      connectionString: url,
      max: 10,
      keepAlive: true,
      // Plans for particular arrays join by reading whole tables, and each new connection would begin with five of them.
      options: "-c plan_cache_mode=force_generic_plan",
    });
  }

  /** Stores tasks, and wakes a worker if one is idle. */
  async insert(inputs: readonly BenchInput[]): Promise<void> {
    const now = Date.now();
    await this.#run(
      "insert",
      `WITH stored AS (INSERT INTO ${this.schema}.task (id, path, queue, rank, run_after, enqueued_at, input)
        SELECT id, 'sendEmail', 'default', $3, $3, $3, input FROM unnest($1::uuid[], $2::text[]) AS new(id, input))
      SELECT pg_notify('${this.schema}', '') FROM ${this.schema}.idle LIMIT 1`,
      [inputs.map(() => this.#ids.next(now)), inputs.map((input) => JSON.stringify(input)), now],
    );
  }

  /** Claims the first in line that nobody else is claiming, in order. */
  claim(token: number, limit: number): Promise<readonly ClaimedRow[]> {
    const now = Date.now();
    // By place: as a join, the planner would read a table that it has no statistics of from end to end.
    return this.#run<ClaimedRow>(
      "claim",
      `UPDATE ${this.schema}.task SET state = ${RUNNING}, attempts = attempts + 1, lease_token = $1,
        lease_expires_at = $2::bigint + ${LEASE_MS}, worker_id = $3, started_at = coalesce(started_at, $2)
      WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${this.schema}.task
        WHERE state = ${DUE} AND queue = 'default' AND path = 'sendEmail' AND run_after <= $2
        ORDER BY queue, path, rank, seq LIMIT $4 FOR UPDATE SKIP LOCKED))
      RETURNING seq, input`,
      [token, now, this.#workerId, limit],
    );
  }

  /** Ends what still has its lease, in one statement. */
  async complete({ token, seqs, outputs }: Completed): Promise<void> {
    await this.#run(
      "complete",
      `UPDATE ${this.schema}.task t SET state = ${SUCCESSFUL}, output = done.output, finished_at = $4,
        lease_token = NULL, lease_expires_at = NULL
      FROM unnest($1::bigint[], $2::text[]) AS done(seq, output)
      WHERE t.seq = done.seq AND t.lease_token = $3 AND t.state = ${RUNNING}`,
      [seqs, outputs, token, Date.now()],
    );
  }

  async setIdle(isIdle: boolean): Promise<void> {
    const text = isIdle
      ? `INSERT INTO ${this.schema}.idle VALUES ($1) ON CONFLICT DO NOTHING`
      : `DELETE FROM ${this.schema}.idle WHERE worker = $1`;
    await this.#run(isIdle ? "set-idle" : "set-busy", text, [this.#workerId]);
  }

  async count(): Promise<{ ready: number; successful: number }> {
    const [row] = await this.#run<readonly [string, string]>(
      "count",
      `SELECT count(*) FILTER (WHERE state = ${DUE}), count(*) FILTER (WHERE state = ${SUCCESSFUL})
      FROM ${this.schema}.task`,
      [],
    );
    return { ready: Number(row?.[0]), successful: Number(row?.[1]) };
  }

  async #run<TRow>(name: string, text: string, values: unknown[]): Promise<readonly TRow[]> {
    const { rows } = await this.pool.query({ name, text, values, rowMode: "array" });
    return rows as unknown as readonly TRow[];
  }
}
