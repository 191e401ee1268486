import type { QueueCounts } from "../../backend/index.ts";
import type { SqlRow } from "./executor.ts";

const KINDS = ["later", "due", "running", "successful", "failed", "cancelled"] as const;

type Counting = { -readonly [K in keyof QueueCounts]: QueueCounts[K] };

/** The numbers of each queue, from rows of queue, kind (0 later, 1 due, 2 to 5 the states), how many, and of due ones the earliest time. */
export function countsOf(rows: readonly SqlRow[]): readonly QueueCounts[] {
  const queues = new Map<string, Counting>();
  for (const [name, kind, count, earliest] of rows) {
    const queue = name as string;
    const counts = queues.get(queue) ?? {
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
    counts[KINDS[Number(kind)] ?? "later"] += Number(count);
    if (Number(kind) === 1) {
      counts.oldestDueAt = Math.min(counts.oldestDueAt ?? Number.POSITIVE_INFINITY, Number(earliest));
    }
  }
  return [...queues.values()].sort((left, right) => (left.queue < right.queue ? -1 : 1));
}
