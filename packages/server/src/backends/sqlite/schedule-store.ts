import type { DueSchedulesRequest, ScheduleRecord, ScheduleStore } from "../../backend/index.ts";
import type { Connection } from "./connection.ts";
import type { StoreHandle } from "./opened-store.ts";
import {
  SCHEDULE_CHANGES,
  SCHEDULE_COLUMNS,
  SCHEDULE_PLACES,
  type ScheduleRow,
  toSchedule,
  valuesOf,
} from "./schedule-mapping.ts";
import { enqueueOne } from "./task-store.ts";

const INSERT = `INSERT INTO taskwright_schedule (${SCHEDULE_COLUMNS}) VALUES (${SCHEDULE_PLACES}) ON CONFLICT (id) DO NOTHING`;
const UPDATE = `UPDATE taskwright_schedule SET ${SCHEDULE_CHANGES} WHERE id = ? AND revision = ?`;
const GET = `SELECT ${SCHEDULE_COLUMNS} FROM taskwright_schedule WHERE id = ?`;
const LIST = `SELECT ${SCHEDULE_COLUMNS} FROM taskwright_schedule WHERE id > ? ORDER BY id LIMIT ?`;
const LIST_OF_PATH = `SELECT ${SCHEDULE_COLUMNS} FROM taskwright_schedule INDEXED BY taskwright_schedule_path
  WHERE path = ? AND id > ? ORDER BY id LIMIT ?`;
const DELETE = "DELETE FROM taskwright_schedule WHERE id = ?";
const DUE = `SELECT ${SCHEDULE_COLUMNS} FROM taskwright_schedule INDEXED BY taskwright_schedule_next
  WHERE next_run_at <= ? AND path IN (SELECT value FROM json_each(?)) ORDER BY next_run_at, id LIMIT ?`;
const NEXT = `SELECT next_run_at FROM taskwright_schedule INDEXED BY taskwright_schedule_next
  WHERE next_run_at > ? ORDER BY next_run_at LIMIT 1`;

/** Stores one if it is the revision after the stored one; tells whether it was. */
function saveOne(connection: Connection, schedule: ScheduleRecord): boolean {
  const { id, revision } = schedule;
  const { changes } =
    revision === 1
      ? connection.prepare(INSERT).run(id, ...valuesOf(schedule))
      : connection.prepare(UPDATE).run(...valuesOf(schedule), id, revision - 1);
  return changes > 0;
}

function dueOf(connection: Connection, { paths, limit, now }: DueSchedulesRequest) {
  const rows = connection.prepare(DUE).all(now, JSON.stringify(paths), limit) as unknown as ScheduleRow[];
  const next = connection.prepare(NEXT).get(now) as { readonly next_run_at: number } | undefined;
  return { schedules: rows.map(toSchedule), nextRunAt: next?.next_run_at ?? null };
}

/** The schedules facet on SQLite. */
export function sqliteScheduleStore(handle: StoreHandle): Required<Omit<ScheduleStore, "placeId" | "sync">> {
  return {
    save: async ({ schedule, tasks, now }) => {
      const isSaved = await handle.write((connection) => {
        if (!saveOne(connection, schedule)) return false;
        for (const task of tasks) enqueueOne(connection, task, now);
        return true;
      });
      if (isSaved && tasks.length > 0) handle.wakes.ready();
      return isSaved ? "saved" : "changed";
    },

    get: ({ id }) =>
      handle.read((connection) => {
        const row = connection.prepare(GET).get(id) as ScheduleRow | undefined;
        return row === undefined ? null : toSchedule(row);
      }),

    list: ({ after, path, limit }) =>
      handle.read((connection) => {
        const from = after ?? "";
        const rows =
          path === undefined
            ? connection.prepare(LIST).all(from, limit)
            : connection.prepare(LIST_OF_PATH).all(path, from, limit);
        return (rows as unknown as ScheduleRow[]).map(toSchedule);
      }),

    delete: ({ id }) =>
      handle.write((connection) =>
        connection.prepare(DELETE).run(id).changes > 0 ? "deleted" : "not-found",
      ),

    due: (request) => handle.read((connection) => dueOf(connection, request)),
  };
}
