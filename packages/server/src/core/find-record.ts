import { isTaskError, TaskError } from "@taskwright/shared";
import type { TaskRecord } from "../backend/index.ts";
import type { OpenedBackend } from "./opened-backend.ts";

/** A task result's record, and the backend that has it. */
export interface FoundRecord {
  readonly record: TaskRecord;
  readonly opened: OpenedBackend;
}

/** Throws INVALID_OPTION for what can be no id. */
export function checkResultId(id: unknown): asserts id is string {
  if (typeof id === "string" && id !== "") return;
  const came = id === "" ? "an empty one" : typeof id;
  throw new TaskError({
    code: "INVALID_OPTION",
    message: `The id of a task result must be a non-empty string; got ${came}.`,
  });
}

/**
 * Reads a task result from the first backend that has it; rejects with RESULT_NOT_FOUND.
 *
 * A backend that does not answer matters only when no other one has it.
 */
export async function findRecord(candidates: readonly OpenedBackend[], id: string): Promise<FoundRecord> {
  checkResultId(id);
  let failure: unknown;
  for (const opened of candidates) {
    try {
      if (!opened.isOpen) await opened.use();
      const record = (await opened.reads.add(id)) ?? (await readRelayed(opened, id));
      if (record !== null) return { record, opened };
    } catch (error) {
      if (!isTaskError(error)) throw error;
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  throw resultNotFound(
    id,
    candidates.map(({ name }) => name),
  );
}

/** Reads one that may still have been in the backend's outbox, or on its way from there. */
async function readRelayed({ relay, reads }: OpenedBackend, id: string): Promise<TaskRecord | null> {
  if (relay === null) return null;
  await relay.now([id]);
  return reads.add(id);
}

/** The error for an id that none of the backends has. */
export function resultNotFound(id: string, backends: readonly string[]): TaskError {
  return new TaskError({
    code: "RESULT_NOT_FOUND",
    message: `There is no task result ${id.slice(0, 100)} in the backend${backends.length > 1 ? "s" : ""} ${backends.join(", ")}: it was never stored there, or has been purged.`,
    data: { id: id.slice(0, 100) },
  });
}
