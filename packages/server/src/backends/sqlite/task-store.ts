import type {
  CancelOutcome,
  DeleteOutcome,
  EnqueueOutcome,
  EnqueueRequest,
  NewTask,
  RequeueOutcome,
  TaskStore,
} from "../../backend/index.ts";
import type { Connection } from "./connection.ts";
import { isRefusal, toTaskError } from "./driver-errors.ts";
import { enqueueSteps } from "./enqueue.ts";
import { forgetInputs } from "./input-index.ts";
import type { StoreHandle } from "./opened-store.ts";
import { STATE, TASK_COLUMNS, type TaskRow, toRecord } from "./row-mapping.ts";

const FREE_KEY = "DELETE FROM taskwright_deduplication WHERE key = ? AND id = ?";

const CANCEL = `UPDATE taskwright_task SET
    cancel_requested = (state = ${STATE.running}),
    finished_at = CASE WHEN state = ${STATE.running} THEN NULL ELSE ? END,
    state = CASE WHEN state = ${STATE.running} THEN state ELSE ${STATE.CANCELLED} END
  WHERE id = ? AND state <= ${STATE.running} RETURNING state`;

const REQUEUE = `UPDATE taskwright_task SET
    state = CASE WHEN ? THEN ${STATE.due} ELSE ${STATE.later} END, run_after = ?, rank = ?, retries_used = 0,
    lost_attempts = 0, expires_at = NULL, finished_at = NULL, cancel_requested = 0, lease_uncounted = 0
  WHERE id = ? AND state IN (${STATE.FAILED}, ${STATE.CANCELLED})`;

function existing(
  connection: Connection,
  id: string,
): { seq: number; state: number; deduplication_key: string | null } | undefined {
  const statement = connection.prepare(
    "SELECT seq, state, deduplication_key FROM taskwright_task WHERE id = ?",
  );
  return statement.get(id) as ReturnType<typeof existing>;
}

/** Stores one task inside a transaction that holds the write lock. */
export function enqueueOne(connection: Connection, task: NewTask, now: number): EnqueueOutcome {
  const steps = enqueueSteps(task, now);
  for (let step = steps.next(); ; ) {
    if (step.done) return step.value;
    const { gives, sql, values } = step.value;
    const statement = connection.prepare(sql);
    step = steps.next(gives === "row" ? statement.get(...values) : statement.run(...values).changes);
  }
}

/** As {@link enqueueOne}, but a row that is refused fails alone. */
function tryEnqueueOne(connection: Connection, task: NewTask, now: number): EnqueueOutcome {
  try {
    return enqueueOne(connection, task, now);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { outcome: "failed", error: toTaskError(error, connection.file) };
  }
}

function deleteOne(connection: Connection, id: string): DeleteOutcome {
  const row = existing(connection, id);
  if (row === undefined) return "not-found";
  if (row.state === STATE.running) return "running";
  connection.prepare("DELETE FROM taskwright_task WHERE seq = ?").run(row.seq);
  forgetInputs(connection, JSON.stringify([row.seq]));
  if (row.deduplication_key !== null) connection.prepare(FREE_KEY).run(row.deduplication_key, id);
  return "deleted";
}

/** The store facet on SQLite. */
export function sqliteTaskStore(handle: StoreHandle): TaskStore {
  return {
    enqueue: async ({ tasks, atomic, now }: EnqueueRequest) => {
      if (tasks.length === 0) return [];
      const store = atomic ? enqueueOne : tryEnqueueOne;
      const outcomes = await handle.write((connection) => tasks.map((task) => store(connection, task, now)));
      handle.wakes.ready();
      return outcomes;
    },

    get: ({ ids }) =>
      handle.read((connection) => {
        const statement = connection.prepare(`SELECT ${TASK_COLUMNS} FROM taskwright_task WHERE id = ?`);
        return ids.map((id) => {
          const row = statement.get(id) as TaskRow | undefined;
          return row === undefined ? null : toRecord(row);
        });
      }),

    cancel: async ({ id, now }): Promise<CancelOutcome> => {
      const outcome = await handle.write((connection): CancelOutcome => {
        const row = connection.prepare(CANCEL).get(now, id) as { state: number } | undefined;
        if (row !== undefined) return row.state === STATE.running ? "requested" : "cancelled";
        return existing(connection, id) === undefined ? "not-found" : "finished";
      });
      if (outcome === "requested") handle.wakes.cancel();
      if (outcome === "cancelled") handle.wakes.result(id);
      return outcome;
    },

    requeue: async ({ id, runAfter, rank, now }): Promise<RequeueOutcome> => {
      const outcome = await handle.write((connection): RequeueOutcome => {
        const { changes } = connection.prepare(REQUEUE).run(runAfter <= now ? 1 : 0, runAfter, rank, id);
        if (changes > 0) return "requeued";
        return existing(connection, id) === undefined ? "not-found" : "not-retryable";
      });
      if (outcome === "requeued") handle.wakes.ready();
      return outcome;
    },

    delete: ({ ids }) => handle.write((connection) => ids.map((id) => deleteOne(connection, id))),
  };
}
