import type { Connection } from "./connection.ts";
import type { Lane } from "./lanes.ts";
import { STATE } from "./row-mapping.ts";

interface Place {
  readonly seq: number;
  readonly rank: number;
}

/** `run_after` is looked at although the state says due: another process's clock may have been ahead of this one's. */
const PLACES = `SELECT seq, rank FROM taskwright_task INDEXED BY taskwright_task_due
  WHERE state = ${STATE.due} AND queue = ? AND path = ? AND (rank, seq) > (?, ?) AND run_after <= ?
  ORDER BY rank, seq LIMIT ?`;
const SMALLEST_READ = 16;

/** The due task results of one lane, lowest rank first, read a few at a time. */
class LaneReader {
  readonly #connection: Connection;
  readonly #lane: Lane;
  readonly #now: number;
  readonly #readSize: number;
  #places: Place[] = [];
  #next = 0;
  #isExhausted = false;

  constructor(
    connection: Connection,
    lane: Lane,
    facts: { readonly now: number; readonly readSize: number },
  ) {
    this.#connection = connection;
    this.#lane = lane;
    this.#now = facts.now;
    this.#readSize = facts.readSize;
  }

  get head(): Place | undefined {
    if (this.#next >= this.#places.length && !this.#isExhausted) this.#read();
    return this.#places[this.#next];
  }

  take(): void {
    this.#next++;
  }

  #read(): void {
    const { rank, seq } = this.#places.at(-1) ?? { rank: Number.MIN_SAFE_INTEGER, seq: 0 };
    const { queue, path } = this.#lane;
    const values = [queue, path, rank, seq, this.#now, this.#readSize];
    this.#places = this.#connection.prepare(PLACES).all(...values) as unknown as Place[];
    this.#next = 0;
    this.#isExhausted = this.#places.length < this.#readSize;
  }
}

function isBefore(left: Place, right: Place): boolean {
  return left.rank < right.rank || (left.rank === right.rank && left.seq < right.seq);
}

/** A task result that may be claimed, with its path. */
export interface InLine {
  readonly seq: number;
  readonly path: string;
}

/** The first of several lanes together: lowest rank first, ties in enqueue order. */
export function firstInLine(
  connection: Connection,
  lanes: readonly Lane[],
  { limit, now }: { readonly limit: number; readonly now: number },
): readonly InLine[] {
  const readSize =
    lanes.length === 1 ? limit : Math.max(SMALLEST_READ, Math.ceil(limit / Math.max(1, lanes.length)));
  const readers = lanes.map((lane) => ({
    path: lane.path,
    places: new LaneReader(connection, lane, { now, readSize }),
  }));
  const found: InLine[] = [];
  while (found.length < limit) {
    let best: { readonly path: string; readonly places: LaneReader } | undefined;
    let bestHead: Place | undefined;
    for (const reader of readers) {
      const { head } = reader.places;
      if (head !== undefined && (bestHead === undefined || isBefore(head, bestHead))) {
        best = reader;
        bestHead = head;
      }
    }
    if (best === undefined || bestHead === undefined) break;
    best.places.take();
    found.push({ seq: bestHead.seq, path: best.path });
  }
  return found;
}
