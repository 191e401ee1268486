import { TaskError } from "@taskwright/shared";
import type {
  CancelOutcome,
  DeleteOutcome,
  RequeueOutcome,
  TaskRecord,
  TaskStore,
} from "../../backend/index.ts";
import { toRecord } from "../sql/row-mapping.ts";
import { enqueue } from "./enqueue.ts";
import type { StoreHandle } from "./opened-store.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MOST_LOOKS = 10;

function changesHands(id: string): TaskError {
  return new TaskError({
    code: "BACKEND_UNAVAILABLE",
    message: `${id} changed hands again and again; nothing was done. Try again.`,
  });
}

async function readRecords(
  handle: StoreHandle,
  ids: readonly string[],
): Promise<readonly (TaskRecord | null)[]> {
  // What is no id of ours is nowhere; PostgreSQL would refuse it.
  const ours = ids.filter((id) => UUID.test(id));
  if (ours.length === 0) return ids.map(() => null);
  const rows = await handle.rows(handle.statements.readRecords, [JSON.stringify(ours)]);
  const records = new Map(rows.map(toRecord).map((record) => [record.id, record]));
  return ids.map((id) => records.get(id) ?? null);
}

async function cancel(handle: StoreHandle, id: string, now: number): Promise<CancelOutcome> {
  if (!UUID.test(id)) return "not-found";
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    const [row] = await handle.rows(handle.statements.cancel, [id, now]);
    if (row === undefined) return "not-found";
    const [isCancelled, workerId, isFinished] = row;
    if (isCancelled === true) {
      handle.wakeups.results([id], "unknown");
      return "cancelled";
    }
    if (workerId !== null) {
      handle.wakeups.cancel(workerId as string);
      return "requested";
    }
    if (isFinished === true) return "finished";
  }
  throw changesHands(id);
}

async function remove(handle: StoreHandle, ids: readonly string[]): Promise<readonly DeleteOutcome[]> {
  const outcomes = new Map<string, DeleteOutcome>();
  let left = [...new Set(ids)].filter((id) => UUID.test(id));
  for (let looks = 0; left.length > 0; looks++) {
    if (looks >= MOST_LOOKS) throw changesHands(left[0] ?? "");
    const rows = await handle.rows(handle.statements.remove, [JSON.stringify(left)]);
    for (const [id, isRemoved, isRunning] of rows) {
      if (isRemoved === true) outcomes.set(id as string, "deleted");
      else if (isRunning === true) outcomes.set(id as string, "running");
    }
    const there = new Set(rows.map(([id]) => id));
    left = left.filter((id) => there.has(id) && !outcomes.has(id));
  }
  return ids.map((id, index) => {
    // Named twice, it is there once.
    if (ids.indexOf(id) !== index && outcomes.get(id) === "deleted") return "not-found";
    return outcomes.get(id) ?? "not-found";
  });
}

/** The store facet on PostgreSQL. */
export function postgresTaskStore(handle: StoreHandle): TaskStore {
  return {
    enqueue: (request) => enqueue(handle, request),
    get: ({ ids }) => readRecords(handle, ids),
    cancel: ({ id, now }) => cancel(handle, id, now),

    requeue: async ({ id, runAfter, rank, now }): Promise<RequeueOutcome> => {
      if (!UUID.test(id)) return "not-found";
      const [row] = await handle.rows(handle.statements.requeue, [id, runAfter, rank, now]);
      if (runAfter > now) handle.later.note(runAfter);
      if (row === undefined) return "not-found";
      if (row[0] !== true) return "not-retryable";
      handle.wakeups.readyEverywhere();
      return "requeued";
    },

    delete: ({ ids }) => remove(handle, ids),
  };
}
