import type { CreateScheduleRequest, FlowControl, PublishBatchRequest } from "@upstash/qstash";
import type { NewTask, ScheduleRecord } from "../../backend/index.ts";
import { scheduleMessage, taskMessage } from "./message.ts";
import { messageOptions } from "./message-options.ts";
import type { QstashFlowControl, ResolvedQstashOptions } from "./options.ts";

/** What QStash adds to its retries, for deliveries that were answered "later" without an attempt. */
const SPARE_RETRIES = 3;
/** How much longer than the handler's timeout QStash waits: the handler's grace, and the end's way into the store. */
const ANSWER_MS = 15_000;
const BUILT_IN_TIMEOUT_MS = 15 * 60_000;
/** Delays below this are not worth a message that waits. */
const SHORTEST_DELAY_MS = 1_000;
const JSON_HEADERS = { "content-type": "application/json" };

/** A message to be delivered to the webhook. */
export type OutgoingMessage = PublishBatchRequest<string>;

/** The same text in letters that labels and names in paths may have. */
export function labelOf(name: string): string {
  return name.replaceAll(/[^\w.-]/g, "_").slice(0, 100);
}

function flowControlOf(key: string, { parallelism, rate, period }: QstashFlowControl): FlowControl {
  return {
    key: labelOf(key),
    ...(parallelism === undefined ? {} : { parallelism }),
    ...(rate === undefined ? {} : { rate }),
    ...(period === undefined ? {} : { period: toSeconds(period) }),
  } as FlowControl;
}

function toSeconds(period: string): number {
  const unit = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 } as const;
  const [, count, name] = /^([\d.]+)(ms|s|m|h|d)$/.exec(period) ?? [];
  return Math.max(1, Math.round(Number(count) * unit[name as keyof typeof unit]));
}

/** What messages of tasks and of schedules have in common. */
function commonPart(
  options: ResolvedQstashOptions,
  task: Pick<NewTask, "id" | "path" | "queue" | "priority" | "tags" | "maxRetries" | "policy">,
) {
  const asked = messageOptions(options, task);
  const { flowControl = options.flowControl[task.queue], callback, retryDelay, redact, headers } = asked;
  const failureCallback =
    asked.failureCallback ?? (options.store === undefined ? undefined : options.callback.href);
  const labels = [task.path, task.id, task.queue, ...(asked.labels ?? [])]
    .filter((label) => label !== "")
    .map(labelOf);
  return {
    method: "POST" as const,
    headers: { ...ownHeaders(headers), ...JSON_HEADERS },
    retries: Math.min(task.maxRetries + SPARE_RETRIES, options.retries),
    timeout: timeoutOf(task.policy, options.maxTimeoutMs),
    label: [...new Set(labels)],
    ...(flowControl === undefined
      ? {}
      : { flowControl: flowControlOf((flowControl as { key?: string }).key ?? task.queue, flowControl) }),
    ...(callback === undefined ? {} : { callback }),
    ...(failureCallback === undefined ? {} : { failureCallback }),
    ...(retryDelay === undefined ? {} : { retryDelay }),
    ...(redact === undefined ? {} : { redact: redact as { body?: true; header?: true | string[] } }),
    ...(options.isOrdered(task.queue) ? { queueName: labelOf(task.queue) } : {}),
  };
}

/** Headers of the user's, but for the one that is ours. */
function ownHeaders(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !/^content-type$/i.test(name)));
}

/** How long QStash is to wait for an answer, in seconds; a call's own timeout is in its policy. */
function timeoutOf(policy: string | null, longestMs: number): number {
  const timeoutMs = ownTimeoutOf(policy);
  const wanted = timeoutMs === null ? longestMs : timeoutMs + ANSWER_MS;
  return Math.ceil(Math.min(wanted, longestMs) / 1_000);
}

/** The timeout that a call has said, in milliseconds; null for none at all. */
function ownTimeoutOf(policy: string | null): number | null {
  if (policy === null) return BUILT_IN_TIMEOUT_MS;
  try {
    const { timeoutMs = BUILT_IN_TIMEOUT_MS } = JSON.parse(policy) as { readonly timeoutMs?: number | null };
    return typeof timeoutMs === "number" || timeoutMs === null ? timeoutMs : BUILT_IN_TIMEOUT_MS;
  } catch {
    // Whoever runs it tells what is wrong with it.
    return BUILT_IN_TIMEOUT_MS;
  }
}

/**
 * The message of a task.
 *
 * @param turn where a task is sent that has been sent before: from when on it may run, what QStash must not take for the
 * same message, and how many deliveries count already
 */
export function outgoingTask(
  options: ResolvedQstashOptions,
  task: NewTask,
  turn: {
    readonly now: number;
    readonly at?: number;
    readonly cause?: string | undefined;
    readonly deliveriesBefore?: number;
  },
): OutgoingMessage {
  const { now, at = task.runAfter, cause, deliveriesBefore: before = 0 } = turn;
  const delayMs = Math.min(at - now, options.maxDelayMs);
  const key = options.store === undefined && cause === undefined ? task.deduplication?.key : undefined;
  const common = commonPart(options, task);
  return {
    ...common,
    url: options.callback.href,
    body: taskMessage(task, options.store !== undefined, { retries: common.retries, before }),
    deduplicationId: cause === undefined ? (key ?? task.id) : `${task.id}:${cause}`,
    ...(delayMs < SHORTEST_DELAY_MS ? {} : { delay: Math.ceil(delayMs / 1_000) }),
  };
}

/** The message of a task to be enqueued; the user's own function may make none of it. */
export type Outgoing = { readonly message: OutgoingMessage } | { readonly error: unknown };

/** The messages of tasks, each for itself. */
export function outgoingTasks(
  options: ResolvedQstashOptions,
  tasks: readonly NewTask[],
  now: number,
): readonly Outgoing[] {
  return tasks.map((task) => {
    try {
      return { message: outgoingTask(options, task, { now }) };
    } catch (error) {
      return { error };
    }
  });
}

/** The request that makes QStash enqueue by a rule. */
export function outgoingSchedule(
  options: ResolvedQstashOptions,
  schedule: ScheduleRecord,
  call: {
    readonly queue: string;
    readonly priority: number;
    readonly maxRetries: number;
    readonly policy: string | null;
  },
): CreateScheduleRequest {
  const common = commonPart(options, { id: "", path: schedule.path, tags: [], ...call });
  return {
    ...common,
    destination: options.callback.href,
    scheduleId: schedule.id,
    cron: schedule.timeZone === "UTC" ? schedule.cron : `CRON_TZ=${schedule.timeZone} ${schedule.cron}`,
    body: scheduleMessage(schedule, { retries: common.retries, before: 0 }),
  };
}
