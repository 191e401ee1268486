import type { SaveScheduleRequest } from "../../backend/index.ts";
import type { SqlExecutor } from "../sql/executor.ts";
import { throughLostConnections } from "../sql/lost-connections.ts";
import { scheduleValues } from "../sql/schedule-mapping.ts";
import { type SqlScheduleStore, sqlScheduleStore } from "../sql/schedule-store.ts";
import { isAway, isLost } from "./driver-errors.ts";
import { storeInside } from "./enqueue.ts";
import type { StoreHandle } from "./opened-store.ts";
import { insertSchedule, removeSchedule, scheduleReads, updateSchedule } from "./statements/schedules.ts";

/** The schedules facet on PostgreSQL. */
export function postgresScheduleStore(handle: StoreHandle): SqlScheduleStore {
  const { names } = handle;
  const [insert, update, remove] = [insertSchedule(names), updateSchedule(names), removeSchedule(names)];

  async function saveIn(executor: SqlExecutor, request: SaveScheduleRequest): Promise<boolean> {
    const { schedule, tasks, now } = request;
    const statement = schedule.revision === 1 ? insert : update;
    const written = await executor.rows(statement, scheduleValues(schedule));
    if (written.length === 0) return false;
    if (tasks.length > 0) await storeInside(executor, handle, tasks, now);
    return true;
  }

  return sqlScheduleStore({
    reads: scheduleReads(names),
    rows: (statement, values) => handle.rows(statement, values),

    save: async (request) => {
      // A save whose answer was lost is not the next revision any more when it is tried again.
      const isSaved = await throughLostConnections(
        () => handle.transaction((executor) => saveIn(executor, request)),
        { isLost, isAway },
      );
      if (isSaved && request.tasks.length > 0) {
        handle.later.forget();
        handle.wakeups.ready();
      }
      return isSaved;
    },

    remove: async (id) => (await handle.rows(remove, [id])).length > 0,
  });
}
