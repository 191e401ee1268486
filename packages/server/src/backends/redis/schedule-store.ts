import type {
  DueSchedules,
  DueSchedulesRequest,
  ScheduleListRequest,
  ScheduleRecord,
  ScheduleStore,
} from "../../backend/index.ts";
import { toTaskError } from "./driver-errors.ts";
import type { StoreHandle } from "./opened-store.ts";
import {
  DELETE_SCHEDULE,
  DUE_SCHEDULES,
  GET_SCHEDULE,
  LIST_SCHEDULES,
  SAVE_SCHEDULE,
} from "./scripts/schedules.ts";
import { enqueueArguments } from "./task-store.ts";

/** A schedule as it is stored: see scripts/schedules.ts. */
function scheduleText(schedule: ScheduleRecord): string {
  const { revision, nextRunAt, path } = schedule;
  const head = `${revision} ${nextRunAt ?? "-"} ${Buffer.byteLength(path)}:${path}`;
  return `${head}\n${JSON.stringify(schedule)}`;
}

/** Reads a stored schedule; null where somebody has written something else. */
function readSchedule(text: string): ScheduleRecord | null {
  try {
    return JSON.parse(text.slice(text.lastIndexOf("\n") + 1)) as ScheduleRecord;
  } catch {
    return null;
  }
}

function readable(texts: readonly string[]): readonly ScheduleRecord[] {
  return texts.map(readSchedule).filter((schedule) => schedule !== null);
}

async function get(handle: StoreHandle, id: string): Promise<ScheduleRecord | null> {
  const text = await handle.run<string | null>(GET_SCHEDULE, handle.partitions.first, [id]);
  if (text === null) return null;
  const schedule = readSchedule(text);
  if (schedule !== null) return schedule;
  throw toTaskError(new Error("WRONGTYPE A field of the schedules holds none."));
}

/** As many commands as there are pages of the index before the list is full: mostly one. */
async function list(
  handle: StoreHandle,
  { after, path, limit }: ScheduleListRequest,
): Promise<readonly ScheduleRecord[]> {
  const found: ScheduleRecord[] = [];
  let from = after ?? "";
  do {
    const [next, ...texts] = await handle.run<readonly [string, ...string[]]>(
      LIST_SCHEDULES,
      handle.partitions.first,
      [from, limit - found.length, path === undefined ? "*" : `=${path}`],
    );
    found.push(...readable(texts));
    from = next;
  } while (from !== "" && found.length < limit);
  return found;
}

/** As many commands as there are pages of what is due before the limit is reached: mostly one. */
async function due(handle: StoreHandle, { paths, limit, now }: DueSchedulesRequest): Promise<DueSchedules> {
  const schedules: ScheduleRecord[] = [];
  for (let offset = 0; ; ) {
    const [next, nextRunAt, ...texts] = await handle.run<readonly [number, string, ...string[]]>(
      DUE_SCHEDULES,
      handle.partitions.first,
      [now, limit - schedules.length, offset, ...paths],
    );
    schedules.push(...readable(texts));
    if (next < 0 || schedules.length === limit)
      return { schedules, nextRunAt: nextRunAt === "" ? null : Number(nextRunAt) };
    offset = next;
  }
}

/** Keeps schedules in the first partition, in which the tasks of their ticks are too: one script stores both. */
export function redisScheduleStore(handle: StoreHandle): ScheduleStore {
  return {
    placeId: ({ id }) => handle.partitions.placeInFirst(id),

    save: async ({ schedule, tasks, now }) => {
      const outcome = await handle.runConfirmed<"saved" | "changed">(SAVE_SCHEDULE, handle.partitions.first, [
        ...enqueueArguments(handle, tasks, { now, atomic: true }),
        schedule.id,
        scheduleText(schedule),
      ]);
      // Also after `changed`: this process may have saved it, and lost the answer.
      if (tasks.length > 0) handle.wakeups.ready();
      return outcome;
    },

    get: ({ id }) => get(handle, id),

    list: (request) => list(handle, request),

    delete: ({ id }) => handle.run<"deleted" | "not-found">(DELETE_SCHEDULE, handle.partitions.first, [id]),

    due: (request) => due(handle, request),
  };
}
