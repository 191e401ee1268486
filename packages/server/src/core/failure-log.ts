import type { Logger } from "./logger.ts";
import type { TaskEvents } from "./task-events.ts";

/** Tells a logger of each attempt that went wrong: a warning when another follows, an error when none does. Gives what ends it. */
export function logFailures(events: TaskEvents, logger: Logger): () => void {
  const stopRetrying = events.on("retrying", ({ path, id, attempt, queue, backend, runAfter, error }) => {
    const facts = { task: path, id, attempt, queue, backend, runAfter, err: error };
    logger.warn(facts, "An attempt failed; another follows.");
  });
  const stopFailed = events.on("failed", ({ path, id, attempt, queue, backend, error }) => {
    const facts = { task: path, id, attempt, queue, backend, err: error };
    logger.error(facts, "A task result ended FAILED.");
  });
  return () => {
    stopRetrying();
    stopFailed();
  };
}
