import { type TaskSchedule, taskSchedule } from "@taskwright/shared";
import type { ScheduleRecord } from "../backend/index.ts";
import { decodeCallOptions } from "./checked-schedule.ts";
import type { Engine } from "./engine.ts";
import type { OpenedBackend } from "./opened-backend.ts";

/** A stored schedule, and the backend that has it. */
export interface FoundSchedule {
  readonly record: ScheduleRecord;
  readonly opened: OpenedBackend;
}

function dateOrNull(time: number | null): Date | null {
  return time === null ? null : new Date(time);
}

/** Reads what may not be readable any more, which must not hide the schedule: it is to be mended or deleted. */
function readable<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** Makes the public form of a stored schedule. */
export function toSchedule(engine: Engine, { record, opened }: FoundSchedule): TaskSchedule {
  const task = engine.tasks.get(record.path);
  const { codec, input, nextRunAt, lastRunAt, createdAt, updatedAt, pausedAt, resumedAt } = record;
  return taskSchedule(
    {
      id: record.id,
      name: record.name,
      path: record.path,
      label: task?.label ?? record.path,
      input: readable(
        () => (task === undefined ? JSON.parse(input ?? "null") : task.payload.readInput(input, codec)),
        input,
      ),
      cron: record.cron,
      timeZone: record.timeZone,
      options: readable(() => decodeCallOptions(record.options), {}),
      misfire: record.misfire,
      backend: opened.name,
      isPaused: record.isPaused,
      lastTaskId: record.lastTaskId,
      nextRunAt: dateOrNull(nextRunAt),
      lastRunAt: dateOrNull(lastRunAt),
      createdAt: new Date(createdAt),
      updatedAt: new Date(updatedAt),
      pausedAt: dateOrNull(pausedAt),
      resumedAt: dateOrNull(resumedAt),
    },
    () => opened.clock.now(),
  );
}
