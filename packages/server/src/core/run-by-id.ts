import { isTaskError, TaskError, type TaskResult } from "@taskwright/shared";
import type { Engine } from "./engine.ts";
import { type FoundRecord, findRecord } from "./find-record.ts";
import { notExecutable, requeue } from "./requeue.ts";
import type { RunNow } from "./run-now.ts";

function aborted(message: string, signal: AbortSignal | undefined): TaskError {
  return new TaskError({ code: "ABORTED", message, cause: signal?.reason });
}

/** The error for one that was not run here, by what has become of it. */
async function notRun(
  { opened, record: { id } }: FoundRecord,
  parts: { readonly wasRequeued: boolean; readonly signal: AbortSignal | undefined },
): Promise<TaskError> {
  const { record } = await findRecord([opened], id);
  if (record.status !== "READY") return notExecutable(record, "another worker was faster");
  const state = `${record.path} ${id} is READY${parts.wasRequeued ? " again" : ""}, and a worker will run it`;
  if (parts.signal?.aborted === true)
    return aborted(`The signal of runTaskById() aborted before it was begun; ${state}.`, parts.signal);
  return new TaskError({
    code: "NOT_EXECUTABLE",
    message: `It could not be claimed here; ${state}.`,
    data: { id, path: record.path, status: record.status },
  });
}

/** The same error, with what else the caller has to know: that the task result has been made READY before. */
async function failedAfterRequeue({ opened, record }: FoundRecord, error: unknown): Promise<TaskError> {
  const name = `${record.path} ${record.id}`;
  const isReady = await findRecord([opened], record.id).then(
    (found) => found.record.status === "READY",
    () => false,
  );
  const state = isReady
    ? `${name} is READY again, and a worker will run it`
    : `${name} was made READY again before that, and unless it has run since, a worker will run it`;
  const reason = error instanceof Error ? error.message.replace(/\.$/, "") : "Running it failed";
  const code = isTaskError(error) ? error.code : "INTERNAL_ERROR";
  return new TaskError({ code, message: `${reason}; ${state}.`, cause: error });
}

/** Runs a READY one now; with `allowRetry` a FAILED or CANCELLED one too, which is made READY for it. */
export async function runById(
  engine: Engine,
  found: FoundRecord,
  parts: {
    readonly runNow: RunNow;
    readonly allowRetry: boolean;
    readonly signal: AbortSignal | undefined;
  },
): Promise<TaskResult> {
  const { runNow, allowRetry, signal } = parts;
  const { record, opened } = found;
  const { id, path, status } = record;
  const canRetry = status === "FAILED" || status === "CANCELLED";
  if (!canRetry && status !== "READY") throw notExecutable(record, "only READY ones can be run");
  if (canRetry && !allowRetry) throw notExecutable(record, "pass allowRetry to run it again");
  if (engine.task(path).handler === undefined) {
    throw new TaskError({ code: "HANDLER_MISSING", message: `This server has no handler for ${path}.` });
  }
  // Made READY, it would be run by any worker, although this call was told to start nothing.
  if (signal?.aborted === true)
    throw aborted(`The signal of runTaskById() has aborted; ${path} ${id} is ${status} as before.`, signal);
  if (canRetry) await requeue(found);
  let result: TaskResult | null;
  try {
    result = await runNow.next(opened, { id, signal });
  } catch (error) {
    throw canRetry ? await failedAfterRequeue(found, error) : error;
  }
  if (result !== null) return result;
  throw await notRun(found, { wasRequeued: canRetry, signal });
}
