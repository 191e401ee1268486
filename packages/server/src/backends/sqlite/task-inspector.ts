import type { QueueCounts, TaskInspector } from "../../backend/index.ts";
import { scanLimitOf } from "../inputs/bounded-scan.ts";
import { partsOfCounts } from "./capped-counts.ts";
import type { Connection } from "./connection.ts";
import { count, listBounded } from "./input-listing.ts";
import { listPage } from "./listing.ts";
import type { StoreHandle } from "./opened-store.ts";
import { indexOf, STATE } from "./row-mapping.ts";

function countsIn(state: number, more = ""): string {
  const range = state >= STATE.SUCCESSFUL ? ` AND state >= ${STATE.SUCCESSFUL}` : "";
  return `SELECT queue, count(*) AS found${more} FROM taskwright_task INDEXED BY ${indexOf(state)}
    WHERE state = ${state}${range} GROUP BY queue`;
}

/** Those in line are looked at too: a process whose clock is ahead may have brought some there before their time. */
const READY = [STATE.due, STATE.later].map((state) =>
  countsIn(state, ", sum(run_after <= ?) AS due, min(run_after) AS oldest"),
);
const RUNNING = countsIn(STATE.running);
const OTHERS = [
  ["running", RUNNING],
  ["successful", countsIn(STATE.SUCCESSFUL)],
  ["failed", countsIn(STATE.FAILED)],
  ["cancelled", countsIn(STATE.CANCELLED)],
] as const;

type Counting = { -readonly [K in keyof QueueCounts]: QueueCounts[K] };

interface Counted {
  readonly queue: string;
  readonly found: number;
  readonly due: number;
  readonly oldest: number;
}

function countByQueue(connection: Connection, now: number, cap: number | undefined): readonly QueueCounts[] {
  const queues = new Map<string, Counting>();
  const of = (queue: string): Counting => {
    let counts = queues.get(queue);
    if (counts === undefined) {
      counts = {
        queue,
        due: 0,
        later: 0,
        running: 0,
        successful: 0,
        failed: 0,
        cancelled: 0,
        oldestDueAt: null,
      };
      queues.set(queue, counts);
    }
    return counts;
  };
  const read = (sql: string, ...values: number[]) =>
    connection.prepare(sql).all(...values) as unknown as Counted[];
  if (cap !== undefined) {
    for (const { queue, kind, found, oldest } of partsOfCounts(connection, now, cap)) {
      const counts = of(queue);
      counts[kind] = Math.min(cap, counts[kind] + found);
      if (oldest !== null) counts.oldestDueAt = Math.min(counts.oldestDueAt ?? oldest, oldest);
    }
    for (const { queue, found } of read(RUNNING)) of(queue).running = Math.min(cap, found);
    return byName(queues);
  }
  for (const sql of READY) {
    for (const { queue, found, due, oldest } of read(sql, now)) {
      const counts = of(queue);
      counts.due += due;
      counts.later += found - due;
      if (due > 0) counts.oldestDueAt = Math.min(counts.oldestDueAt ?? Number.POSITIVE_INFINITY, oldest);
    }
  }
  for (const [name, sql] of OTHERS) {
    for (const { queue, found } of read(sql)) of(queue)[name] = found;
  }
  return byName(queues);
}

function byName(queues: ReadonlyMap<string, QueueCounts>): readonly QueueCounts[] {
  return [...queues.values()].sort((left, right) => (left.queue < right.queue ? -1 : 1));
}

/** The inspector facet on SQLite. */
export function sqliteTaskInspector(handle: StoreHandle): TaskInspector {
  return {
    list: (request) => {
      const scanLimit = scanLimitOf(request);
      return scanLimit === undefined
        ? listPage(handle, request)
        : listBounded(handle, { ...request, scanLimit });
    },
    count: (request) => count(handle, request),
    countByQueue: ({ now, cap }) => handle.read((connection) => countByQueue(connection, now, cap)),
  };
}
