import { checkOptionNames, TaskError, type TaskResult } from "@taskwright/shared";
import type { MemoryState } from "../backends/memory/memory-state.ts";
import type { Engine } from "../core/engine.ts";
import type { Executor } from "../core/executor.ts";
import { storedRecords } from "./enqueued-task.ts";
import type { HeldHost } from "./held-host.ts";

/** What {@link TestServer.drain} takes. */
export interface DrainOptions {
  /** Moves the clock to what is due later, too: what was enqueued with a countdown, an eta or a runAfter. @default false */
  readonly withScheduled?: boolean;
  /** Moves the clock to retries, too, and to the end of leases that lost their worker. @default false */
  readonly withRetries?: boolean;
  /** The most attempts it makes. @default 1000, beyond which it rejects */
  readonly limit?: number;
}

const MOST_ATTEMPTS = 1_000;
const OPTIONS: readonly (keyof DrainOptions)[] = ["withScheduled", "withRetries", "limit"];

function checkOptions(options: DrainOptions): void {
  checkOptionNames(options, "drain()", OPTIONS);
  const { limit } = options;
  for (const option of ["withScheduled", "withRetries"] as const)
    if (options[option] !== undefined && typeof options[option] !== "boolean")
      throw invalid(`${option} must be true or false; got ${typeof options[option]}.`, option);
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1))
    throw invalid("limit must be a whole number of 1 or more.", "limit");
}

function invalid(message: string, option: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message, data: { option } });
}

/** What a drain works on. */
export interface DrainParts {
  readonly engine: Engine;
  readonly executor: Executor;
  readonly host: HeldHost;
  readonly states: readonly MemoryState[];
}

/** When something will be due that the options are for, in epoch milliseconds; null for never. */
function nextDueAt(parts: DrainParts, { withScheduled, withRetries }: DrainOptions): number | null {
  const now = parts.host.wallTime();
  let next = Number.POSITIVE_INFINITY;
  for (const state of parts.states) {
    for (const { status, attempts, runAfter, path } of storedRecords(state)) {
      const isWanted = attempts > 0 ? withRetries === true : withScheduled === true;
      if (status !== "READY" || !isWanted || runAfter <= now) continue;
      if (parts.engine.tasks.get(path)?.handler !== undefined) next = Math.min(next, runAfter);
    }
    const lease = state.table.leased.peek()?.lease;
    if (withRetries === true && lease != null && lease.endsAt > now) next = Math.min(next, lease.endsAt);
  }
  return next === Number.POSITIVE_INFINITY ? null : next;
}

/** Runs what is due, one after the other, and then moves the clock on to what else is wanted, until there is none. */
export async function drain(parts: DrainParts, options: DrainOptions = {}): Promise<readonly TaskResult[]> {
  checkOptions(options);
  const { executor, host } = parts;
  const ended = new Map<string, TaskResult>();
  // One more than is allowed tells whether there was an end.
  const most = options.limit ?? MOST_ATTEMPTS + 1;
  let attempts = 0;
  // A move may bring nothing to run, as when another worker renews its lease on and on.
  for (let moves = 0; moves < most + MOST_ATTEMPTS; moves++) {
    await host.settle();
    await executor.sweep();
    for (; attempts < most; attempts++) {
      const result = await executor.processOneTask();
      if (result === null) break;
      // By the end of the last attempt.
      ended.delete(result.id);
      ended.set(result.id, result);
    }
    const isFull = attempts === most;
    if (isFull && options.limit === undefined) break;
    const next = isFull ? null : nextDueAt(parts, options);
    if (next === null) return [...ended.values()];
    await host.moveTo(next);
  }
  throw invalid(
    `drain() has made ${attempts} attempts and does not come to an end: tasks enqueue more and more, or another worker holds one. If it is to make as many, give it a limit.`,
    "limit",
  );
}
