import type { AnyRouter, TaskPath, TaskStatus } from "@taskwright/shared";
import type { TaskRecord } from "../backend/index.ts";
import type { MemoryState } from "../backends/memory/memory-state.ts";
import type { InputAt } from "../core/schedule-options.ts";

/** What a test sees of something that was enqueued. */
export interface EnqueuedTask<TPath extends string = string, TInput = unknown> {
  readonly id: string;
  readonly path: TPath;
  /** As the caller gave it. */
  readonly input: TInput;
  readonly status: TaskStatus;
  readonly queue: string;
  readonly priority: number;
  /** The earliest time of the next attempt, or of the last one made. */
  readonly runAfter: Date;
  readonly enqueuedAt: Date;
  readonly maxRetries: number;
  readonly tags: readonly string[];
  /** The name of the backend that keeps it. */
  readonly backend: string;
  /** The task result whose handler enqueued it. */
  readonly parentId: string | null;
  /** The schedule whose tick it is. */
  readonly scheduleId: string | null;
}

/** An {@link EnqueuedTask} of a contract: its path tells the type of its input. */
export type EnqueuedTaskOf<TRouter extends AnyRouter, TPath extends TaskPath<TRouter> = TaskPath<TRouter>> = {
  readonly [K in TPath]: EnqueuedTask<K, InputAt<TRouter, K>>;
}[TPath];

/** What a memory store has, oldest first. */
export function storedRecords({ table }: MemoryState): readonly TaskRecord[] {
  return Array.from(table.values(), ({ record }) => record);
}

/** Makes what a test sees of a record; `input` is that of the record, decoded. */
export function enqueuedTask(record: TaskRecord, backend: string, input: unknown): EnqueuedTask {
  const { id, path, status, queue, priority, maxRetries, tags, parentId, scheduleId } = record;
  return {
    id,
    path,
    input,
    status,
    queue,
    priority,
    runAfter: new Date(record.runAfter),
    enqueuedAt: new Date(record.enqueuedAt),
    maxRetries,
    tags,
    backend,
    parentId,
    scheduleId,
  };
}
