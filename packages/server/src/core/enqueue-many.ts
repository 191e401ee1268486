import { isTaskError, PayloadError, type PayloadErrorData, TaskError } from "@taskwright/shared";
import type { EnqueueOutcome, NewTask } from "../backend/index.ts";
import type { EngineTask } from "./engine.ts";

/** What to throw of an `enqueueMany` with one key for all. */
export function sharedDeduplicationId(path: string, count: number): TaskError {
  return new TaskError({
    code: "INVALID_OPTION",
    message: `enqueueMany of ${path} has ${count} inputs and one deduplicationId, under which only the first would be stored. Give each its own with enqueue(), or go by what is in them with deduplicated: true.`,
    data: { option: "deduplicationId" },
  });
}

/** Encodes every input before any is stored; the first that does not fit is thrown with its position. */
export async function encodeAll(task: EngineTask, inputs: readonly unknown[]): Promise<(string | null)[]> {
  const encoded: (string | null)[] = [];
  for (const [index, input] of inputs.entries()) {
    try {
      const text = task.payload.encodeInput(input);
      encoded.push(text instanceof Promise ? await text : text);
    } catch (error) {
      if (!isTaskError(error, "PAYLOAD_ERROR") || error.data === undefined) throw error;
      const data = error.data as PayloadErrorData;
      throw new PayloadError({
        message: `[${index}] ${error.message}`,
        data: { ...data, index },
        cause: error,
      });
    }
  }
  return encoded;
}

/** What to throw when a store that cannot store all or nothing has stored some. */
export function incomplete(
  task: EngineTask,
  tasks: readonly NewTask[],
  outcomes: readonly EnqueueOutcome[],
): TaskError {
  const failed = outcomes.filter((outcome) => outcome.outcome === "failed");
  return new TaskError({
    code: "ENQUEUE_INCOMPLETE",
    message: `${failed.length} of ${tasks.length} tasks of ${task.path} were not stored; data.outcomes tells which.`,
    data: {
      outcomes: outcomes.map((outcome, index) =>
        outcome.outcome === "failed"
          ? { stored: false as const, error: outcome.error }
          : { stored: true as const, id: outcome.outcome === "stored" ? tasks[index]?.id : outcome.id },
      ),
    },
    cause: failed[0]?.error,
  });
}
