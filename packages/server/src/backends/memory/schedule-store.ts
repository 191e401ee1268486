import type { ScheduleRecord, ScheduleStore } from "../../backend/index.ts";
import type { OpenState } from "./memory-state.ts";
import { enqueueOne } from "./task-store.ts";

function byId(left: ScheduleRecord, right: ScheduleRecord): number {
  return left.id < right.id ? -1 : 1;
}

/** Keeps schedules in a map. */
export function createScheduleStore(state: OpenState): ScheduleStore {
  return {
    save: async ({ schedule, tasks, now }) => {
      const open = state();
      const { schedules } = open;
      if (schedule.revision !== (schedules.get(schedule.id)?.revision ?? 0) + 1) return "changed";
      schedules.set(schedule.id, schedule);
      for (const task of tasks) enqueueOne(open, task, now);
      return "saved";
    },

    get: async ({ id }) => state().schedules.get(id) ?? null,

    list: async ({ after, path, limit }) =>
      [...state().schedules.values()]
        .filter((schedule) => path === undefined || schedule.path === path)
        .sort(byId)
        .filter(({ id }) => after === null || id > after)
        .slice(0, limit),

    delete: async ({ id }) => (state().schedules.delete(id) ? "deleted" : "not-found"),

    due: async ({ paths, limit, now }) => {
      const waiting = [...state().schedules.values()].filter(({ nextRunAt }) => nextRunAt !== null);
      const times = waiting.map(({ nextRunAt }) => nextRunAt ?? now).filter((time) => time > now);
      return {
        schedules: waiting
          .filter(({ nextRunAt, path }) => (nextRunAt ?? now) <= now && paths.includes(path))
          .sort((left, right) => (left.nextRunAt ?? 0) - (right.nextRunAt ?? 0) || byId(left, right))
          .slice(0, limit),
        nextRunAt: times.length === 0 ? null : times.reduce((first, time) => Math.min(first, time)),
      };
    },
  };
}
