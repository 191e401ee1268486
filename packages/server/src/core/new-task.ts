import {
  type CallOptions,
  mergeOptions,
  type ParsedOptions,
  parseOptions,
  type ResolvedOptions,
} from "@taskwright/shared";
import type { NewTask, ScheduleCall, TaskStore } from "../backend/index.ts";
import { encodePolicy } from "./attempt-policy.ts";
import type { EngineTask } from "./engine.ts";
import type { Host } from "./host.ts";
import { rankOf } from "./rank.ts";

/** A call's options, checked and merged. */
export interface Call {
  readonly options: ResolvedOptions;
  readonly policy: string | null;
}

/** Checks the levels of a call's options, nearest last; throws INVALID_OPTION or UNKNOWN_QUEUE. */
export function resolveCall(task: EngineTask, levels: readonly CallOptions[]): Call {
  if (levels.length === 0) return { options: task.options, policy: null };
  const call = levels
    .map((level) => parseOptions(level, "call", task.queues))
    .reduce<ParsedOptions>((farther, nearer) => mergeOptions(farther, nearer), {});
  return { options: mergeOptions(task.options, call), policy: encodePolicy(call) };
}

/** What a backend has to know of the calls of a schedule. */
export function scheduleCall({ options, policy }: Call): ScheduleCall {
  const { queue, priority, maxRetries } = options;
  return { queue, priority, maxRetries, policy };
}

function deduplicationOf(
  task: EngineTask,
  options: ResolvedOptions,
  input: string | null,
  host: Pick<Host, "sha256">,
): string | null {
  if (options.deduplicationId !== undefined)
    return host.sha256(`id\0${task.path}\0${options.deduplicationId}`);
  if (!options.deduplicated) return null;
  return host.sha256(
    `content\0${task.path}\0${task.payload.codec.id}\0${task.payload.canonicalInput(input)}`,
  );
}

/** Makes the record to store of a checked call and its encoded input. */
export function newTask(
  task: EngineTask,
  call: Call,
  facts: {
    readonly input: string | null;
    readonly parentId: string | null;
    /** Whose tick this is. */
    readonly scheduleId?: string;
    readonly now: number;
    readonly host: Pick<Host, "newId" | "sha256">;
    readonly store: Pick<TaskStore, "placeId">;
  },
): NewTask {
  const { options, policy } = call;
  const { now, input, store } = facts;
  const dueAt = options.runAt ?? now + (options.countdownMs ?? 0);
  const key = deduplicationOf(task, options, input, facts.host);
  const id = facts.host.newId();
  return {
    id: key === null ? id : (store.placeId?.({ id, deduplicationKey: key }) ?? id),
    path: task.path,
    queue: options.queue,
    priority: options.priority,
    rank: rankOf(dueAt, options.priority),
    runAfter: dueAt,
    enqueuedAt: now,
    expiresAt: options.expiresMs === undefined ? null : dueAt + options.expiresMs,
    codec: task.payload.codec.id,
    input,
    maxRetries: options.maxRetries,
    policy,
    parentId: facts.parentId,
    scheduleId: facts.scheduleId ?? null,
    tags: options.tags,
    deduplication: key === null ? null : { key, until: now + options.deduplicationWindowMs },
  };
}
