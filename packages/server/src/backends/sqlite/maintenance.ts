import type { AttemptError } from "@taskwright/shared";
import type { Maintenance, SweepError, SweepRequest, TaskRecord } from "../../backend/index.ts";
import type { Connection } from "./connection.ts";
import { maintainInputIndex } from "./input-index.ts";
import type { StoreHandle } from "./opened-store.ts";
import { countPurgeable, purge } from "./purge.ts";
import { STATE, TASK_COLUMNS, type TaskRow, toRecord } from "./row-mapping.ts";
import { ADD_ERROR, LET_GO } from "./settle.ts";

const LOST = `SELECT ${TASK_COLUMNS} FROM taskwright_task INDEXED BY taskwright_task_running
  WHERE state = ${STATE.running} AND lease_expires_at <= ? ORDER BY lease_expires_at LIMIT ?`;
const EXPIRED = `SELECT ${TASK_COLUMNS} FROM taskwright_task INDEXED BY taskwright_task_expiring
  WHERE expires_at <= ? AND state <= ${STATE.due} AND expires_at IS NOT NULL AND attempts = 0 ORDER BY expires_at LIMIT ?`;

const RETURN_UNCOUNTED = `UPDATE taskwright_task SET state = CASE WHEN run_after <= ? THEN ${STATE.due} ELSE ${STATE.later} END,
    lease_uncounted = 0, ${LET_GO} WHERE seq = ?`;
const RETURN = `UPDATE taskwright_task SET ${ADD_ERROR}, lost_attempts = lost_attempts + 1,
    state = CASE WHEN run_after <= ? THEN ${STATE.due} ELSE ${STATE.later} END, ${LET_GO} WHERE seq = ?`;
const FINISH = `UPDATE taskwright_task SET ${ADD_ERROR}, lost_attempts = lost_attempts + ?, state = ?, finished_at = ?,
  lease_uncounted = 0, ${LET_GO} WHERE seq = ? RETURNING ${TASK_COLUMNS}`;
const FINISH_QUIETLY = `UPDATE taskwright_task SET state = ?, finished_at = ?, lease_uncounted = 0, ${LET_GO}
  WHERE seq = ? RETURNING ${TASK_COLUMNS}`;

function lastWorker(workerIds: string | null): string | null {
  return workerIds === null ? null : ((JSON.parse(workerIds) as string[]).at(-1) ?? null);
}

function errorOf(row: TaskRow, words: SweepError, now: number): string {
  const error: AttemptError = {
    type: words.type,
    exceptionClass: words.type,
    message: words.message,
    stack: null,
    attempt: row.attempts,
    workerId: row.attempts === 0 ? null : lastWorker(row.worker_ids),
    at: new Date(now).toISOString(),
  };
  return JSON.stringify(error);
}

/** Returns or ends one whose lease has expired; gives the record of one that ended. */
function endLease(connection: Connection, row: TaskRow, request: SweepRequest): TaskRecord | null {
  const { now, maxLostAttempts, lost, poisoned } = request;
  const isUncounted = row.lease_uncounted === 1;
  if (row.cancel_requested === 1) {
    if (isUncounted)
      return toRecord(
        connection.prepare(FINISH_QUIETLY).get(STATE.CANCELLED, now, row.seq) as unknown as TaskRow,
      );
    const error = errorOf(row, lost, now);
    return toRecord(
      connection.prepare(FINISH).get(error, error, 1, STATE.CANCELLED, now, row.seq) as unknown as TaskRow,
    );
  }
  if (isUncounted) {
    connection.prepare(RETURN_UNCOUNTED).run(now, row.seq);
    return null;
  }
  if (row.lost_attempts + 1 >= maxLostAttempts) {
    const error = errorOf(row, poisoned, now);
    return toRecord(
      connection.prepare(FINISH).get(error, error, 1, STATE.FAILED, now, row.seq) as unknown as TaskRow,
    );
  }
  const error = errorOf(row, lost, now);
  connection.prepare(RETURN).run(error, error, now, row.seq);
  return null;
}

function expire(connection: Connection, row: TaskRow, request: SweepRequest): TaskRecord {
  const error = errorOf(row, request.expired, request.now);
  return toRecord(
    connection.prepare(FINISH).get(error, error, 0, STATE.FAILED, request.now, row.seq) as unknown as TaskRow,
  );
}

/** The maintenance facet on SQLite. */
export function sqliteMaintenance(handle: StoreHandle): Maintenance {
  return {
    sweep: async (request) => {
      const { now, limit } = request;
      const hasWork = await handle.read(
        (connection) => connection.prepare(LOST).get(now, 1) ?? connection.prepare(EXPIRED).get(now, 1),
      );
      if (hasWork === undefined) return { returned: 0, finished: [], more: false };
      const answer = await handle.write((connection) => {
        const lost = connection.prepare(LOST).all(now, limit) as unknown as TaskRow[];
        const expired = connection.prepare(EXPIRED).all(now, limit - lost.length) as unknown as TaskRow[];
        const ended = lost
          .map((row) => endLease(connection, row, request))
          .filter((record) => record !== null);
        const finished = [...ended, ...expired.map((row) => expire(connection, row, request))];
        return {
          returned: lost.length - ended.length,
          finished,
          more: lost.length + expired.length >= limit,
        };
      });
      if (answer.returned > 0) handle.wakes.ready();
      for (const record of answer.finished) handle.wakes.result(record.id);
      return answer;
    },

    indexInputs: (request) => maintainInputIndex(handle, request),

    purge: async (request) => {
      if (!request.dryRun) return handle.write((connection) => purge(connection, request));
      const purged = await handle.read((connection) => countPurgeable(connection, request));
      return { purged, more: purged >= request.limit };
    },
  };
}
