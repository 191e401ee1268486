import type { Connection } from "./connection.ts";
import { everyLane, type Lane } from "./lanes.ts";
import { ranges } from "./purge.ts";
import { STATE } from "./row-mapping.ts";

const IN_DUE_LANE = `FROM taskwright_task INDEXED BY taskwright_task_due
  WHERE state = ${STATE.due} AND queue = ? AND path = ? ORDER BY rank LIMIT ?`;
const IN_LATER_LANE = `FROM taskwright_task INDEXED BY taskwright_task_later
  WHERE state = ${STATE.later} AND queue = ? AND path = ?`;
/** Of those in line early, brought there by a process whose clock is ahead, the ones among the first are counted. */
const DUE = `SELECT count(*) AS found, coalesce(sum(run_after <= ?), 0) AS due, min(run_after) AS oldest
  FROM (SELECT run_after ${IN_DUE_LANE})`;
const OVERDUE = `SELECT count(*) AS found, min(run_after) AS oldest FROM (
  SELECT run_after ${IN_LATER_LANE} AND run_after <= ? LIMIT ?)`;
const LATER = `SELECT count(*) AS found FROM (SELECT 1 ${IN_LATER_LANE} AND run_after > ? LIMIT ?)`;
const FINISHED = `SELECT count(*) AS found FROM (SELECT 1 FROM taskwright_task INDEXED BY taskwright_task_finished
  WHERE state = ? AND state >= ${STATE.SUCCESSFUL} AND queue = ? LIMIT ?)`;
const KINDS = { 3: "successful", 4: "failed", 5: "cancelled" } as const;

/** Some of what a queue has; several of a queue and kind add up. */
export interface PartOfCounts {
  readonly queue: string;
  readonly kind: "due" | "later" | "successful" | "failed" | "cancelled";
  /** At most the cap. */
  readonly found: number;
  readonly oldest: number | null;
}

interface Counted {
  readonly found: number;
  readonly due: number;
  readonly oldest: number | null;
}

/** Counts all but what runs, looking at no more than the cap of each queue and path, or queue and status. */
export function* partsOfCounts(connection: Connection, now: number, cap: number): Iterable<PartOfCounts> {
  const read = (sql: string, ...values: (string | number)[]) =>
    connection.prepare(sql).get(...values) as unknown as Counted;
  const inLane = ({ queue, path }: Lane) => [queue, path] as const;
  for (const lane of everyLane(connection, "due")) {
    const { found, due, oldest } = read(DUE, now, ...inLane(lane), cap);
    const { queue } = lane;
    yield { queue, kind: "due", found: found >= cap ? found : due, oldest: due > 0 ? oldest : null };
    yield { queue, kind: "later", found: found - due, oldest: null };
  }
  for (const lane of everyLane(connection, "later")) {
    const overdue = read(OVERDUE, ...inLane(lane), now, cap);
    const { queue } = lane;
    yield { queue, kind: "due", found: overdue.found, oldest: overdue.oldest };
    yield { queue, kind: "later", found: read(LATER, ...inLane(lane), now, cap).found, oldest: null };
  }
  for (const { state, queue } of ranges(connection, { statuses: ["SUCCESSFUL", "FAILED", "CANCELLED"] })) {
    const { found } = read(FINISHED, state, queue, cap);
    yield { queue, kind: KINDS[state as keyof typeof KINDS], found, oldest: null };
  }
}
