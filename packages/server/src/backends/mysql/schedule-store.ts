import type { SaveScheduleRequest, ScheduleRecord } from "../../backend/index.ts";
import type { CountingExecutor } from "../sql/executor.ts";
import { throughLostConnections } from "../sql/lost-connections.ts";
import { scheduleValues } from "../sql/schedule-mapping.ts";
import { type SqlScheduleStore, sqlScheduleStore } from "../sql/schedule-store.ts";
import { isAway, isDuplicate, isLost } from "./driver-errors.ts";
import { storeThrough } from "./enqueue.ts";
import type { StoreHandle } from "./opened-store.ts";
import { checkSchedule } from "./row-check.ts";
import { insertSchedule, removeSchedule, scheduleReads, updateSchedule } from "./statements/schedules.ts";

/** The schedules facet on MariaDB and MySQL. */
export function mysqlScheduleStore(handle: StoreHandle): SqlScheduleStore {
  const { names, lanes } = handle;
  const [insert, update, remove] = [insertSchedule(names), updateSchedule(names), removeSchedule(names)];

  async function write(executor: CountingExecutor, schedule: ScheduleRecord): Promise<boolean> {
    const { revision } = schedule;
    const [id = null, ...values] = scheduleValues(schedule);
    if (revision > 1) return (await executor.change(update, [...values, id, revision - 1])) > 0;
    try {
      await executor.change(insert, [id, ...values]);
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  async function saveIn(executor: CountingExecutor, request: SaveScheduleRequest): Promise<boolean> {
    const { schedule, tasks, now } = request;
    checkSchedule(schedule);
    if (!(await write(executor, schedule))) return false;
    if (tasks.length > 0) await storeThrough((work) => work(executor), { names, lanes }, tasks, now);
    return true;
  }

  return sqlScheduleStore({
    reads: scheduleReads(names),
    rows: (statement, values) => handle.rows(statement, values),

    save: async (request) => {
      const { tasks } = request;
      // A save whose answer was lost is not the next revision any more when it is tried again.
      const isSaved = await throughLostConnections(
        () => handle.transaction((executor) => saveIn(executor, request), true),
        { isLost, isAway },
      );
      if (isSaved && tasks.length > 0) {
        lanes.note(tasks);
        handle.wakeups.ready();
      }
      return isSaved;
    },

    remove: async (id) => (await handle.change(remove, [id])) > 0,
  });
}
