import type { AnyRouter, TaskResult } from "@taskwright/shared";
import { findRecord } from "../core/find-record.ts";
import { toListedResult } from "../core/result-mapping.ts";
import type { TaskServer } from "../create-task-server.ts";

/**
 * Reads one task result from the named backend, or from whichever has it; rejects with RESULT_NOT_FOUND.
 *
 * A payload that the contract cannot read any more is given as it is stored: what is broken is what people look at.
 */
export async function findResult(
  server: TaskServer<AnyRouter>,
  id: string,
  backend: string | undefined,
): Promise<TaskResult> {
  const engine = server["~engine"];
  const candidates = backend === undefined ? [...engine.backends.values()] : [engine.backend(backend)];
  const { record, opened } = await findRecord(candidates, id);
  return toListedResult(record, engine.tasks.get(record.path), opened.name);
}
