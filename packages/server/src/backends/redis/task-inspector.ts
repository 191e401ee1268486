import type { QueueCounts, TaskInspector } from "../../backend/index.ts";
import { list } from "./listing.ts";
import type { StoreHandle } from "./opened-store.ts";
import { COUNT } from "./scripts/inspect.ts";

/** How many groups one script counts. */
const GROUPS_AT_ONCE = 200;

type Counts = { -readonly [name in keyof QueueCounts]: QueueCounts[name] };
type CountedGroup = readonly [string, number, number, number, number, number, number, string];

const NUMBERS = ["due", "later", "running", "successful", "failed", "cancelled"] as const;

/** The queue in the name of a group: see scripts/keys.ts. */
function queueOf(group: string): string {
  const colon = group.indexOf(":");
  const bytes = Buffer.from(group.slice(colon + 1));
  return bytes.subarray(Number(group.slice(0, colon)) + 1).toString();
}

function add(counts: Counts, counted: CountedGroup): void {
  const [, open, running, later, successful, failed, cancelled, oldest] = counted;
  counts.due += Math.max(0, open - running - later);
  counts.later += later;
  // Below zero where somebody has deleted the counter.
  counts.running += Math.max(0, running);
  counts.successful += successful;
  counts.failed += failed;
  counts.cancelled += cancelled;
  const oldestDueAt = oldest === "" ? null : Number(oldest);
  if (oldestDueAt !== null && (counts.oldestDueAt === null || oldestDueAt < counts.oldestDueAt))
    counts.oldestDueAt = oldestDueAt;
}

async function countByQueue(handle: StoreHandle, now: number, cap: number): Promise<readonly QueueCounts[]> {
  const byQueue = new Map<string, Counts>();
  for (const key of handle.partitions.keys) {
    for (let first = 0; ; first += GROUPS_AT_ONCE) {
      const groups = await handle.run<readonly CountedGroup[]>(COUNT, key, [now, first, GROUPS_AT_ONCE]);
      for (const counted of groups) {
        const queue = queueOf(counted[0]);
        const none = {
          due: 0,
          later: 0,
          running: 0,
          successful: 0,
          failed: 0,
          cancelled: 0,
          oldestDueAt: null,
        };
        const counts = byQueue.get(queue) ?? { queue, ...none };
        byQueue.set(queue, counts);
        add(counts, counted);
      }
      if (groups.length < GROUPS_AT_ONCE) break;
    }
  }
  const rows = [...byQueue.values()].sort((left, right) => (left.queue < right.queue ? -1 : 1));
  for (const row of rows) for (const name of NUMBERS) row[name] = Math.min(cap, row[name]);
  return rows;
}

/** Lists by walking the indexes back by sequence; counts by the sizes of indexes. */
export function redisTaskInspector(handle: StoreHandle): TaskInspector {
  return {
    list: (request) => list(handle, request),

    count: async ({ filter, cap, scanLimit }) => {
      const request = { filter, scanLimit, limit: cap, cursor: null, offset: 0 };
      const { records, nextCursor } = await list(handle, request);
      return { count: records.length, isExact: nextCursor === null };
    },

    countByQueue: ({ now, cap = Number.POSITIVE_INFINITY }) => countByQueue(handle, now, cap),
  };
}
