import type { ClaimedTask, NewTask, TaskRecord } from "../backend/index.ts";

/** A task result as it was enqueued, to be delivered once more. */
export function taskAgain(stored: TaskRecord | ClaimedTask): NewTask {
  const { id, path, queue, priority, codec, input, policy, parentId, scheduleId, tags, maxRetries } = stored;
  const { runAfter, enqueuedAt, expiresAt } = stored;
  return {
    ...{ id, path, queue, priority, codec, input, policy, parentId, scheduleId, tags, maxRetries },
    ...{ runAfter, enqueuedAt, expiresAt },
    // Its place in a line that nobody pulls from.
    rank: runAfter,
    deduplication: null,
  };
}
