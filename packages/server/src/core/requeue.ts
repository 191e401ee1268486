import { TaskError } from "@taskwright/shared";
import type { TaskRecord } from "../backend/index.ts";
import type { FoundRecord } from "./find-record.ts";
import { rankOf } from "./rank.ts";

/** The error for a task result whose state does not allow what is asked for. */
export function notExecutable(record: TaskRecord, needed: string): TaskError {
  return new TaskError({
    code: "NOT_EXECUTABLE",
    message: `${record.path} ${record.id} is ${record.status}; ${needed}.`,
    data: { id: record.id, path: record.path, status: record.status },
  });
}

/** Makes a FAILED or CANCELLED one READY again; rejects with NOT_EXECUTABLE. */
export async function requeue({ record, opened }: FoundRecord): Promise<void> {
  const now = opened.clock.now();
  const outcome = await opened.backend.store.requeue({
    id: record.id,
    runAfter: now,
    rank: rankOf(now, record.priority),
    now,
  });
  if (outcome !== "requeued") throw notExecutable(record, "only FAILED and CANCELLED ones can be retried");
}
