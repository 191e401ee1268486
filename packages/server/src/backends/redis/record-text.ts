import type { AttemptError, TaskStatus } from "@taskwright/shared";
import type { ClaimedTask, NewTask, TaskRecord } from "../../backend/index.ts";

/** What never changes of a task result, as it is stored. */
type Unchanging = Pick<
  NewTask,
  | "path"
  | "queue"
  | "priority"
  | "codec"
  | "maxRetries"
  | "policy"
  | "enqueuedAt"
  | "parentId"
  | "scheduleId"
  | "tags"
> & {
  /** True when there is no input, which is not the same as an empty text. */
  readonly noInput?: true;
};

/** The fields of a record as scripts read them: see scripts/read.ts. */
export type RecordFields = readonly (string | null)[];

/** The part of a task that never changes, as JSON. */
export function unchangingPart(task: NewTask): string {
  const { path, queue, priority, codec, maxRetries, policy, enqueuedAt, parentId, scheduleId, tags } = task;
  const part: Unchanging = {
    path,
    queue,
    priority,
    codec,
    maxRetries,
    policy,
    enqueuedAt,
    parentId,
    scheduleId,
    tags,
    ...(task.input === null ? { noInput: true } : {}),
  };
  return JSON.stringify(part);
}

function timeOrNull(text: string | undefined): number | null {
  return text === undefined || text === "-" ? null : Number(text);
}

/** Reads the fields of a record; null where there is none. */
export function toRecord(id: string, fields: RecordFields): TaskRecord | null {
  const [json, input, stateText, output, progress, errors, workers] = fields;
  if (json == null || stateText == null) return null;
  const { noInput, ...unchanging } = JSON.parse(json) as Unchanging;
  const state = stateText.split(" ");
  return {
    id,
    ...unchanging,
    status: state[0] as TaskStatus,
    input: noInput === true ? null : (input ?? ""),
    output: output ?? null,
    progress: progress ?? null,
    errors: errors == null ? [] : (JSON.parse(`[${errors}]`) as AttemptError[]),
    attempts: Number(state[2]),
    retriesUsed: Number(state[3]),
    lostAttempts: Number(state[4]),
    runAfter: Number(state[1]),
    startedAt: timeOrNull(state[5]),
    lastAttemptedAt: timeOrNull(state[6]),
    expiresAt: timeOrNull(state[7]),
    finishedAt: timeOrNull(state[8]),
    workerIds: workers == null ? [] : (JSON.parse(`[${workers}]`) as string[]),
    cancelRequested: state[12] === "1",
  };
}

/** Reads what a claim gives of one task: its id, token, unchanging part, input and state. */
export function toClaimed(fields: readonly string[]): ClaimedTask {
  const [id = "", token = "", json = "", input = "", stateText = ""] = fields;
  const { noInput, ...unchanging } = JSON.parse(json) as Unchanging;
  const state = stateText.split(" ");
  return {
    id,
    token,
    path: unchanging.path,
    queue: unchanging.queue,
    priority: unchanging.priority,
    codec: unchanging.codec,
    input: noInput === true ? null : input,
    attempts: Number(state[2]),
    retriesUsed: Number(state[3]),
    lostAttempts: Number(state[4]),
    maxRetries: unchanging.maxRetries,
    policy: unchanging.policy,
    enqueuedAt: unchanging.enqueuedAt,
    runAfter: Number(state[1]),
    expiresAt: timeOrNull(state[7]),
    parentId: unchanging.parentId,
    scheduleId: unchanging.scheduleId,
    tags: unchanging.tags,
  };
}

/** The name of what has one path and one queue, as scripts/keys.ts describes it. */
export function groupOf(path: string, queue: string): string {
  return `${Buffer.byteLength(path)}:${path}:${queue}`;
}
