import { decodeEnvelope, encodeEnvelope, MISFIRES, type Misfire, WebhookError } from "@taskwright/shared";
import type { NewTask, ScheduleRecord } from "../../backend/index.ts";

/** What a message says of a task result that no store keeps. */
type TaskFacts = Omit<NewTask, "id" | "path" | "codec" | "input" | "deduplication">;

/** What a message says of its schedule. */
type ScheduleFacts = Pick<
  ScheduleRecord,
  | "id"
  | "name"
  | "cron"
  | "timeZone"
  | "options"
  | "misfire"
  | "createdAt"
  | "updatedAt"
  | "pausedAt"
  | "resumedAt"
  | "revision"
>;

/** What a message says of its own deliveries. */
export interface MessageTurn {
  /** How many retries QStash was asked for. */
  readonly retries: number;
  /** How many deliveries of messages before this one count as attempts. */
  readonly before: number;
}

/** What the body of a message says. */
export type QstashMessage = { readonly turn: MessageTurn } & (
  | { readonly kind: "task"; readonly id: string; readonly path: string; readonly task: NewTask | null }
  | {
      readonly kind: "schedule";
      readonly schedule: Omit<ScheduleRecord, "isPaused" | "nextRunAt" | "lastRunAt" | "lastTaskId">;
    }
);

/** In the place of a task result's id, which each time of a schedule has anew. */
const NO_ID = "schedule";

/** Writes the body of a task's message: with a store only which one it is, so that inputs stay there; else all of it. */
export function taskMessage(task: NewTask, isStored: boolean, turn: MessageTurn): string {
  const { id, path, codec, input } = task;
  if (isStored) return withFacts(encodeEnvelope({ id, path, codec, input: null }), { turn });
  const facts: TaskFacts = {
    queue: task.queue,
    priority: task.priority,
    rank: task.rank,
    runAfter: task.runAfter,
    enqueuedAt: task.enqueuedAt,
    expiresAt: task.expiresAt,
    maxRetries: task.maxRetries,
    policy: task.policy,
    parentId: task.parentId,
    scheduleId: task.scheduleId,
    tags: task.tags,
  };
  return withFacts(encodeEnvelope({ id, path, codec, input }), { task: facts, turn });
}

/** Writes the body of a schedule's messages. */
export function scheduleMessage(schedule: ScheduleRecord, turn: MessageTurn): string {
  const {
    path,
    codec,
    input,
    isPaused: _,
    nextRunAt: __,
    lastRunAt: ___,
    lastTaskId: ____,
    ...facts
  } = schedule;
  return withFacts(encodeEnvelope({ id: NO_ID, path, codec, input }), {
    schedule: facts satisfies ScheduleFacts,
    turn,
  });
}

function withFacts(envelope: string, facts: object): string {
  return JSON.stringify({ ...(JSON.parse(envelope) as object), ...facts });
}

function refuse(what: string): WebhookError {
  return new WebhookError({ message: `This is no Taskwright message: ${what}.` });
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed() && !value.includes("\0");
}

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const orNull = (is: (value: unknown) => boolean) => (value: unknown) => value === null || is(value);

const TASK_FACTS: Readonly<Record<keyof TaskFacts, (value: unknown) => boolean>> = {
  queue: isText,
  priority: isNumber,
  rank: isNumber,
  runAfter: isNumber,
  enqueuedAt: isNumber,
  expiresAt: orNull(isNumber),
  maxRetries: isNumber,
  policy: orNull(isText),
  parentId: orNull(isText),
  scheduleId: orNull(isText),
  tags: (value) => Array.isArray(value) && value.every(isText),
};

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;

const TURN_FACTS: Readonly<Record<keyof MessageTurn, (value: unknown) => boolean>> = {
  retries: isCount,
  before: isCount,
};

const SCHEDULE_FACTS: Readonly<Record<keyof ScheduleFacts, (value: unknown) => boolean>> = {
  id: (value) => isText(value) && /^[\w.:-]{1,100}$/.test(value),
  name: isText,
  cron: isText,
  timeZone: isText,
  options: orNull(isText),
  misfire: (value) => MISFIRES.includes(value as Misfire),
  createdAt: isNumber,
  updatedAt: isNumber,
  pausedAt: orNull(isNumber),
  resumedAt: orNull(isNumber),
  revision: isNumber,
};

/** Picks the facts that are to be there, and nothing else. */
function readFacts<T>(
  given: unknown,
  expected: Readonly<Record<keyof T & string, (value: unknown) => boolean>>,
  what: string,
): T {
  if (typeof given !== "object" || given === null) throw refuse(`its ${what} must be an object`);
  const facts = Object.entries<(value: unknown) => boolean>(expected).map(([name, is]) => {
    const value = Object.hasOwn(given, name) ? (given as Record<string, unknown>)[name] : undefined;
    if (!is(value)) throw refuse(`the ${name} of its ${what} is missing, or of another kind`);
    return [name, value];
  });
  return Object.fromEntries(facts) as T;
}

/** Reads the body of a message; throws WEBHOOK_ERROR, or UPDATE_REQUIRED for one of a newer version. */
export function readMessage(body: string): QstashMessage {
  const envelope = decodeEnvelope(body);
  const { task, schedule, turn: given } = JSON.parse(body) as Partial<Record<string, unknown>>;
  const turn = readFacts<MessageTurn>(given, TURN_FACTS, "turn");
  const { id, path, codec, input } = envelope;
  if (schedule !== undefined) {
    const facts = readFacts<ScheduleFacts>(schedule, SCHEDULE_FACTS, "schedule");
    return { kind: "schedule", turn, schedule: { path, codec, input, ...facts } };
  }
  if (task === undefined) return { kind: "task", turn, id, path, task: null };
  const facts = readFacts<TaskFacts>(task, TASK_FACTS, "task");
  return { kind: "task", turn, id, path, task: { id, path, codec, input, ...facts, deduplication: null } };
}
