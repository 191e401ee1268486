import type { SqlRow } from "../sql/executor.ts";

/** How old what was read of task results for later may be, in milliseconds of store time. */
const LONGEST_TRUST_MS = 250;

/** A queue and path that has task results for later, and the earliest time of one. */
export interface LaterLane {
  readonly queue: string;
  readonly path: string;
  readonly first: number;
}

/**
 * What this process knows of task results for later, so that not every claim has to look for ones that have become due.
 *
 * What this process puts there it knows at once; of others' it learns when it looks again.
 */
class LaterWatch {
  #lanes: readonly LaterLane[] = [];
  #readAt: number | null = null;
  #first: number = Number.POSITIVE_INFINITY;

  /** Whether a claim has to look before it takes what is due. */
  mustLook(now: number): boolean {
    const readAt = this.#readAt;
    return readAt === null || now < readAt || now - readAt >= LONGEST_TRUST_MS || this.#first <= now;
  }

  /** Takes in what was read: rows of queue, path and time. */
  read(rows: readonly SqlRow[], now: number): readonly LaterLane[] {
    this.#lanes = rows.flatMap(([queue, path, first]) =>
      // Null where others have just taken the last one away.
      first === null ? [] : [{ queue: queue as string, path: path as string, first: Number(first) }],
    );
    this.#readAt = now;
    this.#first = Math.min(Number.POSITIVE_INFINITY, ...this.#lanes.map((lane) => lane.first));
    return this.#lanes;
  }

  /** Notes a task result that this process has put there. */
  note(runAfter: number): void {
    // Which lane it is in is not noted: the next look reads that.
    if (runAfter < this.#first) this.#readAt = null;
  }

  /** Makes the next claim look. */
  forget(): void {
    this.#readAt = null;
  }
}

/** Forgets the oldest beyond this many sets of queues; a process has few workers. */
const MOST_SETS = 100;

/** A {@link LaterWatch} for each set of queues that workers of this process claim from. */
export class LaterWatches {
  readonly #watches = new Map<string, LaterWatch>();

  /** The one of a worker of these queues. */
  of(queues: readonly string[] | "all"): LaterWatch {
    const key = JSON.stringify(queues);
    const known = this.#watches.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#watches.keys();
    if (oldest !== undefined && this.#watches.size >= MOST_SETS) this.#watches.delete(oldest);
    const watch = new LaterWatch();
    this.#watches.set(key, watch);
    return watch;
  }

  /** Notes a task result that this process has put there. */
  note(runAfter: number): void {
    for (const watch of this.#watches.values()) watch.note(runAfter);
  }

  /** Makes the next claim of each look. */
  forget(): void {
    for (const watch of this.#watches.values()) watch.forget();
  }
}
