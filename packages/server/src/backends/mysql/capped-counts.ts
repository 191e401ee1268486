import type { QueueCounts } from "../../backend/index.ts";
import type { SqlRow } from "../sql/executor.ts";
import { countsOf } from "../sql/queue-counts.ts";
import type { StoreHandle } from "./opened-store.ts";
import {
  countFinishedCapped,
  countLanesCapped,
  countRunning,
  readAllLanes,
} from "./statements/capped-counts.ts";

/** How many queues and paths, or queues, one statement counts. */
const LANES_AT_ONCE = 50;
const FINISHED_STATES = [3, 4, 5];

function groupsOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/** Counts by queue, looking at no more than the cap of each queue and path, or queue and state. */
export async function countByQueueCapped(
  handle: StoreHandle,
  now: number,
  cap: number,
): Promise<readonly QueueCounts[]> {
  const { names } = handle;
  const lanes = await handle.rows(readAllLanes(names), []);
  const rows: SqlRow[] = [...(await handle.rows(countRunning(names), []))];
  for (const group of groupsOf(lanes, LANES_AT_ONCE)) {
    const values = group.flatMap(([queue, path]) => {
      const lane = [queue as string, path as string];
      return [now, now, ...lane, cap, ...lane, now, cap, ...lane, now, cap];
    });
    for (const row of await handle.rows(countLanesCapped(names, group.length), values)) {
      const [lane, line, found, inTime, earliest] = row.map((value) =>
        value === null ? null : Number(value),
      );
      const queue = group[lane ?? 0]?.[0];
      if (line === 0) {
        // Of those in line early, which is where a process whose clock is ahead has brought them, only those among the first are counted.
        const due = Number(inTime);
        rows.push([queue, 1, Number(found) >= cap ? found : due, earliest]);
        rows.push([queue, 0, Number(found) - due, null]);
      } else rows.push([queue, line === 1 ? 1 : 0, found, line === 1 ? earliest : null]);
    }
  }
  const queues = [...new Set(lanes.map(([queue]) => queue as string))];
  for (const group of groupsOf(queues, LANES_AT_ONCE)) {
    const values = group.flatMap((queue) => FINISHED_STATES.flatMap((state) => [state, queue, cap]));
    const counted = await handle.rows(
      countFinishedCapped(names, group.length * FINISHED_STATES.length),
      values,
    );
    for (const [part, found] of counted) {
      const index = Number(part);
      const queue = group[Math.floor(index / FINISHED_STATES.length)];
      rows.push([queue, FINISHED_STATES[index % FINISHED_STATES.length], found, null]);
    }
  }
  return countsOf(
    rows.filter(([, , found]) => Number(found) > 0),
    cap,
  );
}
