import type { QueueCounts } from "../../backend/index.ts";
import type { SqlRow } from "./executor.ts";

const KINDS = ["later", "due", "running", "successful", "failed", "cancelled"] as const;

type Counting = { -readonly [K in keyof QueueCounts]: QueueCounts[K] };

/**
 * The numbers of each queue, none greater than a cap.
 *
 * Takes rows of queue, kind (0 later, 1 due, 2 to 5 the states), how many, and of due ones the earliest time; those of
 * one queue and kind add up.
 */
export function countsOf(
  rows: readonly SqlRow[],
  cap: number = Number.POSITIVE_INFINITY,
): readonly QueueCounts[] {
  const queues = new Map<string, Counting>();
  for (const [queueName, kind, count, earliest] of rows) {
    const queue = queueName as string;
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
    const name = KINDS[Number(kind)] ?? "later";
    counts[name] = Math.min(cap, counts[name] + Number(count));
    if (name === "due" && earliest !== null) {
      counts.oldestDueAt = Math.min(counts.oldestDueAt ?? Number.POSITIVE_INFINITY, Number(earliest));
    }
  }
  return [...queues.values()].sort((left, right) => (left.queue < right.queue ? -1 : 1));
}
