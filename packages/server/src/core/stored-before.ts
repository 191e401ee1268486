import { type Enqueued, isTaskError, TaskError } from "@taskwright/shared";
import type { NewTask, TaskRecord } from "../backend/index.ts";
import type { OpenedBackend } from "./opened-backend.ts";

/** Reads what is stored under the ids of what was just enqueued; nothing where a backend keeps no task results. */
async function readStored(
  { reads }: OpenedBackend,
  tasks: readonly NewTask[],
): Promise<readonly (TaskRecord | null)[]> {
  try {
    return await Promise.all(tasks.map(({ id }) => reads.add(id)));
  } catch (error) {
    if (isTaskError(error, "NOT_SUPPORTED")) return [];
    throw error;
  }
}

/**
 * Which of these tasks an earlier call had stored under the same id, and where they stand, by id.
 *
 * Rejects with REQUEST_CONFLICT when that was with another input, and says nothing about the other one.
 */
export async function storedBefore(
  opened: OpenedBackend,
  tasks: readonly NewTask[],
): Promise<ReadonlyMap<string, Enqueued>> {
  const records = await readStored(opened, tasks);
  const found = new Map<string, Enqueued>();
  for (const [index, task] of tasks.entries()) {
    const record = records[index];
    if (record == null) continue;
    if (record.path !== task.path || record.codec !== task.codec || record.input !== task.input) {
      throw new TaskError({
        code: "REQUEST_CONFLICT",
        message: "The requestKey was used before, and not for this: make a new one for each call.",
      });
    }
    const isRepeated = record.enqueuedAt !== task.enqueuedAt;
    if (isRepeated) found.set(task.id, { id: task.id, deduplicated: false, status: record.status });
  }
  return found;
}
