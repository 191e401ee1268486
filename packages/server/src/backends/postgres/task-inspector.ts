import type { QueueCounts, TaskInspector } from "../../backend/index.ts";
import { scanLimitOf } from "../inputs/bounded-scan.ts";
import type { SqlRow } from "../sql/executor.ts";
import { count, listBounded } from "./input-listing.ts";
import { listPage } from "./listing.ts";
import type { StoreHandle } from "./opened-store.ts";

const KINDS = ["later", "due", "running", "successful", "failed", "cancelled"] as const;

type Counting = { -readonly [K in keyof QueueCounts]: QueueCounts[K] };

function countsOf(rows: readonly SqlRow[], cap: number): readonly QueueCounts[] {
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

/** The inspector facet on PostgreSQL. */
export function postgresTaskInspector(handle: StoreHandle): TaskInspector {
  return {
    list: (request) => {
      const scanLimit = scanLimitOf(request);
      return scanLimit === undefined
        ? listPage(handle, request)
        : listBounded(handle, { ...request, scanLimit });
    },
    count: (request) => count(handle, request),
    countByQueue: async ({ now, cap }) => {
      const { countByQueue, countByQueueCapped } = handle.statements;
      return cap === undefined
        ? countsOf(await handle.rows(countByQueue, [now]), Number.POSITIVE_INFINITY)
        : countsOf(await handle.rows(countByQueueCapped, [now, cap]), cap);
    },
  };
}
