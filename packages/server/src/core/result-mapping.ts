import { type OutputForm, type TaskResult, taskResult } from "@taskwright/shared";
import type { TaskRecord } from "../backend/index.ts";
import type { EngineTask } from "./engine.ts";

function dateOrNull(time: number | null): Date | null {
  return time === null ? null : new Date(time);
}

/** Reads text whose task this contract does not have: as JSON where it is, else as it stands. */
function readForeign(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // A codec that is not JSON at all: the text itself is the best account of it.
    return text;
  }
}

/** Makes the public form of a stored record; `output` is only decoded here when `task` is undefined. */
function mapped(
  record: TaskRecord,
  backend: string,
  view: { label: string; input: unknown; output: unknown },
): TaskResult {
  return taskResult({
    id: record.id,
    path: record.path,
    label: view.label,
    status: record.status,
    input: view.input,
    output: view.output,
    errors: record.errors,
    attempts: record.attempts,
    maxRetries: record.maxRetries,
    queue: record.queue,
    backend,
    priority: record.priority,
    runAfter: new Date(record.runAfter),
    enqueuedAt: new Date(record.enqueuedAt),
    startedAt: dateOrNull(record.startedAt),
    lastAttemptedAt: dateOrNull(record.lastAttemptedAt),
    finishedAt: dateOrNull(record.finishedAt),
    workerIds: record.workerIds,
    parentId: record.parentId,
    scheduleId: record.scheduleId,
    tags: record.tags,
    progress: record.progress === null ? null : JSON.parse(record.progress),
  });
}

async function outputOf(
  { output, codec }: TaskRecord,
  { payload }: EngineTask,
  form: OutputForm,
): Promise<unknown> {
  const decoded = await payload.decodeOutput(output, codec);
  // Decoded all the same: what an older contract has stored must not pass for this one's.
  return form === "encoded" ? payload.readOutput(output, codec) : decoded;
}

/** Makes the task result of a stored record, its payloads decoded. Throws PayloadError when the contract cannot read them. */
export async function toTaskResult(
  record: TaskRecord,
  task: EngineTask | undefined,
  backend: string,
  form: OutputForm = "output",
): Promise<TaskResult> {
  const finished = record.status === "SUCCESSFUL";
  if (task === undefined) {
    const output = finished ? readForeign(record.output) : undefined;
    return mapped(record, backend, { label: record.path, input: readForeign(record.input), output });
  }
  return mapped(record, backend, {
    label: task.label,
    input: task.payload.readInput(record.input, record.codec),
    output: finished ? await outputOf(record, task, form) : undefined,
  });
}

/** As {@link toTaskResult}, but a payload that the contract cannot read any more is given undecoded. */
export async function toListedResult(
  record: TaskRecord,
  task: EngineTask | undefined,
  backend: string,
): Promise<TaskResult> {
  try {
    return await toTaskResult(record, task, backend);
  } catch {
    // One old record that no longer fits its schema must not hide the page it is on.
    return toTaskResult(record, undefined, backend);
  }
}
