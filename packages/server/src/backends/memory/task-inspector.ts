import { TaskError } from "@taskwright/shared";
import type {
  CountRequest,
  ListAnswer,
  ListRequest,
  QueueCounts,
  TaskInspector,
  TaskRecord,
} from "../../backend/index.ts";
import { WalkedPage } from "../inputs/walked-page.ts";
import type { MemoryState, OpenState } from "./memory-state.ts";
import type { TimelinePlace } from "./timeline.ts";

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

function list({ table }: MemoryState, request: ListRequest): ListAnswer {
  const page = new WalkedPage(request);
  for (const { record, sequence } of table.byEnqueue.newestFirst(parseCursor(request.cursor))) {
    const full = page.look(record, String(sequence));
    if (full !== null) return full;
  }
  return page.end();
}

/** Lists by walking back through the enqueues; counts by walking everything. */
export function createTaskInspector(state: OpenState): TaskInspector {
  return {
    list: async (request) => list(state(), request),

    count: async ({ filter, cap, scanLimit }: CountRequest) => {
      const { records, nextCursor } = list(state(), {
        filter,
        scanLimit,
        limit: cap,
        cursor: null,
        offset: 0,
      });
      return { count: records.length, isExact: nextCursor === null };
    },

    countByQueue: async ({ now, cap = Number.POSITIVE_INFINITY }) => {
      const { table } = state();
      const byQueue = new Map<string, Counts>();
      for (const { record } of table.values()) {
        const counts = byQueue.get(record.queue) ?? { queue: record.queue, ...NOTHING };
        byQueue.set(record.queue, counts);
        count(counts, record, now);
      }
      const rows = [...byQueue.values()].sort((left, right) => (left.queue < right.queue ? -1 : 1));
      return rows.map((row) => ({
        ...row,
        due: Math.min(cap, row.due),
        later: Math.min(cap, row.later),
        running: Math.min(cap, row.running),
        successful: Math.min(cap, row.successful),
        failed: Math.min(cap, row.failed),
        cancelled: Math.min(cap, row.cancelled),
      }));
    },
  };
}
