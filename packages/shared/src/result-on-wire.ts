import type { AttemptError } from "./attempt-error.ts";
import { type TaskResult, type TaskResultInit, taskResult } from "./task-result.ts";

/** A task result as edges show it to frontends: nothing of stacks, of workers and of where it is kept. */
export type TaskResultOnWire = Omit<TaskResultInit, "workerIds" | "backend">;

const TIMES = ["runAfter", "enqueuedAt", "startedAt", "lastAttemptedAt", "finishedAt"] as const;

function errorOnWire({ type, exceptionClass, message, attempt, at }: AttemptError): AttemptError {
  return { type, exceptionClass, message, attempt, at, stack: null, workerId: null };
}

/** What of a task result a frontend is shown. */
export function toWire(result: TaskResult): TaskResultOnWire {
  const { workerIds: _workerIds, backend: _backend, isFinished: _isFinished, ...shown } = result;
  return { ...shown, errors: result.errors.map(errorOnWire) };
}

/** The task result that an edge has shown, whose times may have become ISO strings; its workers and backend stay unknown. */
export function fromWire(shown: TaskResultOnWire): TaskResult {
  const times = TIMES.map((name) => {
    const time: Date | string | null = shown[name];
    return [name, time === null ? null : new Date(time)];
  });
  // JSON has no undefined, so it has left out an input or output that is.
  const { input, output } = shown;
  return taskResult({ ...shown, ...Object.fromEntries(times), input, output, backend: "", workerIds: [] });
}
