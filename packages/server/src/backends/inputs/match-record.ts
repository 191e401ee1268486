import type { TaskFilter, TaskRecord } from "../../backend/index.ts";
import { matchesInput } from "./match-input.ts";

function isFrom(time: number | null, from: number | undefined, before: number | undefined): boolean {
  if (from === undefined && before === undefined) return true;
  return time !== null && time >= (from ?? time) && time < (before ?? Number.POSITIVE_INFINITY);
}

/** Whether a record is what a filter selects. */
export function matchesRecord(record: TaskRecord, filter: TaskFilter): boolean {
  const { statuses, queue, path, tag, parentId, scheduleId, workerId } = filter;
  if (statuses !== undefined && !statuses.includes(record.status)) return false;
  if (queue !== undefined && record.queue !== queue) return false;
  if (path !== undefined && record.path !== path) return false;
  if (tag !== undefined && !record.tags.includes(tag)) return false;
  if (parentId !== undefined && record.parentId !== parentId) return false;
  if (scheduleId !== undefined && record.scheduleId !== scheduleId) return false;
  if (workerId !== undefined && !record.workerIds.includes(workerId)) return false;
  if (!isFrom(record.enqueuedAt, filter.enqueuedFrom, filter.enqueuedBefore)) return false;
  if (!isFrom(record.finishedAt, filter.finishedFrom, filter.finishedBefore)) return false;
  return filter.input === undefined || matchesInput(record, filter.input);
}
