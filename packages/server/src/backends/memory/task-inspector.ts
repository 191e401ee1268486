import { TaskError } from "@taskwright/shared";
import type { QueueCounts, TaskFilter, TaskInspector, TaskRecord } from "../../backend/index.ts";
import type { OpenState } from "./memory-state.ts";
import type { TimelinePlace } from "./timeline.ts";

function isMatch(record: TaskRecord, filter: TaskFilter): boolean {
  const { statuses, queue, path, tag, parentId, enqueuedFrom, enqueuedBefore } = filter;
  if (statuses !== undefined && !statuses.includes(record.status)) return false;
  if (queue !== undefined && record.queue !== queue) return false;
  if (path !== undefined && record.path !== path) return false;
  if (tag !== undefined && !record.tags.includes(tag)) return false;
  if (parentId !== undefined && record.parentId !== parentId) return false;
  if (enqueuedFrom !== undefined && record.enqueuedAt < enqueuedFrom) return false;
  return enqueuedBefore === undefined || record.enqueuedAt < enqueuedBefore;
}

function parseCursor(cursor: string | null): TimelinePlace | null {
  if (cursor === null) return null;
  const sequence = /^\d+$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (!Number.isSafeInteger(sequence)) {
    throw new TaskError({
      code: "INVALID_OPTION",
      message: "A cursor must be the nextCursor of an earlier page.",
    });
  }
  return { time: sequence, sequence };
}

type Counts = { -readonly [Key in keyof QueueCounts]: QueueCounts[Key] };

function count(counts: Counts, { status, runAfter }: TaskRecord, now: number): void {
  if (status === "RUNNING") counts.running++;
  else if (status === "SUCCESSFUL") counts.successful++;
  else if (status === "FAILED") counts.failed++;
  else if (status === "CANCELLED") counts.cancelled++;
  else if (runAfter > now) counts.later++;
  else {
    counts.due++;
    if (counts.oldestDueAt === null || runAfter < counts.oldestDueAt) counts.oldestDueAt = runAfter;
  }
}

const NOTHING = { due: 0, later: 0, running: 0, successful: 0, failed: 0, cancelled: 0, oldestDueAt: null };

/** Lists by walking back through the enqueues; counts by walking everything. */
export function createTaskInspector(state: OpenState): TaskInspector {
  return {
    list: async ({ filter, cursor, offset, limit }) => {
      const { table } = state();
      const records: TaskRecord[] = [];
      let toPass = offset;
      let nextCursor: string | null = null;
      let lastPlace = cursor;
      for (const { record, sequence } of table.byEnqueue.newestFirst(parseCursor(cursor))) {
        if (!isMatch(record, filter)) continue;
        if (toPass > 0) {
          toPass--;
          continue;
        }
        if (records.length >= limit) {
          nextCursor = lastPlace;
          break;
        }
        records.push(record);
        lastPlace = String(sequence);
      }
      return { records, nextCursor };
    },

    countByQueue: async ({ now }) => {
      const { table } = state();
      const byQueue = new Map<string, Counts>();
      for (const { record } of table.values()) {
        const counts = byQueue.get(record.queue) ?? { queue: record.queue, ...NOTHING };
        byQueue.set(record.queue, counts);
        count(counts, record, now);
      }
      return [...byQueue.values()].sort((left, right) => (left.queue < right.queue ? -1 : 1));
    },
  };
}
