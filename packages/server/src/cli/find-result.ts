import { type AnyRouter, isTaskError, TaskError, type TaskResult } from "@taskwright/shared";
import { toListedResult } from "../core/result-mapping.ts";
import type { TaskServer } from "../create-task-server.ts";

/**
 * Reads one task result from the named backend, or from whichever has it; rejects with RESULT_NOT_FOUND.
 *
 * A payload that the contract cannot read any more is given as it is stored: what is broken is what people look at. A
 * backend that does not answer matters only when no other one has the task result.
 */
export async function findResult(
  server: TaskServer<AnyRouter>,
  id: string,
  backend: string | undefined,
): Promise<TaskResult> {
  const engine = server["~engine"];
  const candidates = backend === undefined ? [...engine.backends.values()] : [engine.backend(backend)];
  let failure: unknown;
  for (const opened of candidates) {
    try {
      await opened.open();
      const record = await opened.reads.add(id);
      if (record !== null) return await toListedResult(record, engine.tasks.get(record.path), opened.name);
    } catch (error) {
      if (!isTaskError(error)) throw error;
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  const names = candidates.map(({ name }) => name);
  throw new TaskError({
    code: "RESULT_NOT_FOUND",
    message: `There is no task result ${id.slice(0, 100)} in the backend${names.length > 1 ? "s" : ""} ${names.join(", ")}: it was never stored there, or has been purged.`,
    data: { id: id.slice(0, 100) },
  });
}
