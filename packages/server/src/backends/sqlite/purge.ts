import type { PurgeRequest } from "../../backend/index.ts";
import type { Connection } from "./connection.ts";
import { forgetInputs } from "./input-index.ts";
import { STATE } from "./row-mapping.ts";

const MOST_KEYS = 1_000;
const SMALLEST_READ = 16;

const FINISHED = `FROM taskwright_task INDEXED BY taskwright_task_finished WHERE state = ? AND state >= ${STATE.SUCCESSFUL}`;
const FIRST_QUEUE = `SELECT queue ${FINISHED} ORDER BY queue LIMIT 1`;
const NEXT_QUEUE = `SELECT queue ${FINISHED} AND queue > ? ORDER BY queue LIMIT 1`;
/** `finished_at` and `seq` together, so that a second read goes on where the first ended. */
const OLDEST = `SELECT seq, finished_at ${FINISHED} AND queue = ? AND (finished_at, seq) > (?, ?) AND finished_at <= ?
  ORDER BY finished_at, seq LIMIT ?`;
const COUNT = `SELECT count(*) AS found FROM (SELECT 1 ${FINISHED} AND queue = ? AND finished_at <= ? LIMIT ?)`;
/** The keys of those that did not end well; one that a later task result has taken stays. */
const FREE_KEYS = `DELETE FROM taskwright_deduplication WHERE key IN (
  SELECT held.key FROM json_each(?) AS given CROSS JOIN taskwright_task AS task ON task.seq = given.value
  CROSS JOIN taskwright_deduplication AS held ON held.key = task.deduplication_key
  WHERE held.id = task.id AND task.state > ${STATE.SUCCESSFUL})`;
const DELETE = "DELETE FROM taskwright_task WHERE seq IN (SELECT value FROM json_each(?))";
const DELETE_KEYS =
  "DELETE FROM taskwright_deduplication WHERE key IN (SELECT key FROM taskwright_deduplication WHERE until <= ? LIMIT ?)";

/** What one index range holds by the time of its end: one state of one queue. */
export interface Range {
  readonly state: number;
  readonly queue: string;
}

interface Finished {
  readonly seq: number;
  readonly finished_at: number;
}

/** The queues that have finished ones of some statuses. */
export function ranges(
  connection: Connection,
  { statuses }: Pick<PurgeRequest, "statuses">,
): readonly Range[] {
  const found: Range[] = [];
  const next = connection.prepare(NEXT_QUEUE);
  for (const state of new Set(statuses.map((status) => STATE[status]))) {
    let row = connection.prepare(FIRST_QUEUE).get(state) as { queue: string } | undefined;
    while (row !== undefined) {
      found.push({ state, queue: row.queue });
      row = next.get(state, row.queue) as { queue: string } | undefined;
    }
  }
  return found;
}

/** The finished ones of one range, oldest first, read a few at a time. */
class OldestOf {
  readonly #read: (after: Finished) => readonly Finished[];
  #rows: readonly Finished[] = [];
  #next = 0;
  #isExhausted = false;

  constructor(read: (after: Finished) => readonly Finished[]) {
    this.#read = read;
  }

  get head(): Finished | undefined {
    if (this.#next >= this.#rows.length && !this.#isExhausted) {
      this.#rows = this.#read(this.#rows.at(-1) ?? { seq: 0, finished_at: Number.MIN_SAFE_INTEGER });
      this.#next = 0;
      this.#isExhausted = this.#rows.length === 0;
    }
    return this.#rows[this.#next];
  }

  take(): void {
    this.#next++;
  }
}

function oldest(connection: Connection, request: PurgeRequest): readonly number[] {
  const { finishedBefore, limit } = request;
  const all = ranges(connection, request);
  const readSize = Math.max(SMALLEST_READ, Math.ceil(limit / Math.max(1, all.length)));
  const statement = connection.prepare(OLDEST);
  const readers = all.map(
    ({ state, queue }) =>
      new OldestOf(
        ({ seq, finished_at }) =>
          statement.all(state, queue, finished_at, seq, finishedBefore, readSize) as unknown as Finished[],
      ),
  );
  const found: number[] = [];
  while (found.length < limit) {
    let best: OldestOf | undefined;
    for (const reader of readers) {
      const { head } = reader;
      if (head !== undefined && head.finished_at < (best?.head?.finished_at ?? Number.POSITIVE_INFINITY)) {
        best = reader;
      }
    }
    if (best?.head === undefined) break;
    found.push(best.head.seq);
    best.take();
  }
  return found;
}

/** Deletes what finished longest ago, and deduplication keys whose window is over; runs inside a transaction. */
export function purge(
  connection: Connection,
  request: PurgeRequest,
): { readonly purged: number; readonly more: boolean } {
  if (request.statuses.length === 0) return { purged: 0, more: false };
  const seqs = JSON.stringify(oldest(connection, request));
  connection.prepare(FREE_KEYS).run(seqs);
  const purged = Number(connection.prepare(DELETE).run(seqs).changes);
  if (purged > 0) forgetInputs(connection, seqs);
  const keys = connection.prepare(DELETE_KEYS).run(request.now, MOST_KEYS);
  return { purged, more: purged >= request.limit || (purged === 0 && Number(keys.changes) >= MOST_KEYS) };
}

/** How many {@link purge} could delete, up to the limit. */
export function countPurgeable(connection: Connection, request: PurgeRequest): number {
  const statement = connection.prepare(COUNT);
  let left = request.limit;
  for (const { state, queue } of ranges(connection, request)) {
    if (left <= 0) break;
    left -= (statement.get(state, queue, request.finishedBefore, left) as { found: number }).found;
  }
  return request.limit - left;
}
