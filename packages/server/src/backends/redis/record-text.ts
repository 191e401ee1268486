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
>;

/** The fields of a record as scripts read them: see scripts/read.ts. */
export type RecordFields = readonly (string | null)[];

/** The part of a task that never changes, as JSON in one line; its input, if it has one, follows in the next. */
export function unchangingPart(task: NewTask): string {
  const { path, queue, priority, codec, maxRetries, policy, enqueuedAt, parentId, scheduleId, tags } = task;
  const json = JSON.stringify({
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
  } satisfies Unchanging);
  return task.input === null ? json : `${json}\n${task.input}`;
}

function readUnchanging(text: string): { readonly unchanging: Unchanging; readonly input: string | null } {
  const lineEnd = text.indexOf("\n");
  if (lineEnd < 0) return { unchanging: JSON.parse(text) as Unchanging, input: null };
  return { unchanging: JSON.parse(text.slice(0, lineEnd)) as Unchanging, input: text.slice(lineEnd + 1) };
}

/** The workers of earlier attempts, and that of the latest, which the lease names after its token. */
function workersOf(earlier: string | null | undefined, lease: string | null | undefined): readonly string[] {
  const latest = lease == null ? "" : lease.slice(lease.indexOf(" ") + 1);
  const all = [earlier ?? "", latest].filter((text) => text !== "").join(",");
  return JSON.parse(`[${all}]`) as string[];
}

function timeOrNull(text: string | undefined): number | null {
  return text === undefined || text === "-" ? null : Number(text);
}

/** Reads the fields of a record; null where there is none. */
export function toRecord(id: string, fields: RecordFields): TaskRecord | null {
  const [text, stateText, output, progress, errors, workers, lease] = fields;
  if (text == null || stateText == null) return null;
  const { unchanging, input } = readUnchanging(text);
  const state = stateText.split(" ");
  return {
    id,
    ...unchanging,
    status: state[0] as TaskStatus,
    input,
    output: output ?? null,
    progress: progress ?? null,
    errors: errors == null ? [] : (JSON.parse(`[${errors}]`) as AttemptError[]),
    attempts: Number(state[3]),
    retriesUsed: Number(state[4]),
    lostAttempts: Number(state[5]),
    runAfter: Number(state[2]),
    startedAt: timeOrNull(state[6]),
    lastAttemptedAt: timeOrNull(state[7]),
    expiresAt: timeOrNull(state[8]),
    finishedAt: timeOrNull(state[9]),
    workerIds: workersOf(workers, lease),
    cancelRequested: state[1]?.[1] === "1",
  };
}

/** Reads what a claim gives of one task: its id, token, unchanging part with the input, and state. */
export function toClaimed(fields: readonly string[], at: number): ClaimedTask {
  const { unchanging, input } = readUnchanging(fields[at + 2] ?? "");
  const state = (fields[at + 3] ?? "").split(" ", 9);
  return {
    id: fields[at] ?? "",
    token: fields[at + 1] ?? "",
    path: unchanging.path,
    queue: unchanging.queue,
    priority: unchanging.priority,
    codec: unchanging.codec,
    input,
    attempts: Number(state[3]),
    retriesUsed: Number(state[4]),
    lostAttempts: Number(state[5]),
    maxRetries: unchanging.maxRetries,
    policy: unchanging.policy,
    enqueuedAt: unchanging.enqueuedAt,
    runAfter: Number(state[2]),
    expiresAt: timeOrNull(state[8]),
    parentId: unchanging.parentId,
    scheduleId: unchanging.scheduleId,
    tags: unchanging.tags,
  };
}

/** The name of what has one path and one queue, as scripts/keys.ts describes it. */
export function groupOf(path: string, queue: string): string {
  return `${Buffer.byteLength(path)}:${path}:${queue}`;
}
