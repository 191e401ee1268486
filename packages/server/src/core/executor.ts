import {
  checkOptionNames,
  isTaskError,
  LIST_OPTION_NAMES,
  type ListOptions,
  TaskError,
  type TaskResult,
  type TaskResultPage,
  type TaskStatus,
} from "@taskwright/shared";
import type { QueueCounts } from "../backend/index.ts";
import type { Engine } from "./engine.ts";
import { type FoundRecord, findRecord } from "./find-record.ts";
import { checkKnownQueues } from "./known-queues.ts";
import { listResults } from "./list-results.ts";
import type { OpenedBackend } from "./opened-backend.ts";
import { relayOutboxes } from "./relay-outboxes.ts";
import { notExecutable, requeue } from "./requeue.ts";
import { toListedResult } from "./result-mapping.ts";
import { runById } from "./run-by-id.ts";
import { RunNow } from "./run-now.ts";
import { runSchedules } from "./run-schedules.ts";
import { type PurgeOptions, purge, sweep } from "./upkeep.ts";

/** Which backend and queue an executor call means. */
export interface ExecutorTarget {
  /** One of the server's backends; absent for all. */
  readonly backend?: string;
  /** One queue; absent for all. */
  readonly queue?: string;
}

/** How an executor call that runs handlers can be stopped. */
export interface ExecutorRun {
  /** Starts nothing more when it aborts, tells the running handler to stop, and gives its task result back uncounted. */
  readonly signal?: AbortSignal;
}

/** A queue's numbers under the names of django-tasks-redis. */
export interface QueueStats {
  readonly backend: string;
  readonly queue: string;
  /** READY and due. */
  readonly pending: number;
  /** READY, and due later. */
  readonly delayed: number;
  readonly running: number;
  readonly successful: number;
  readonly failed: number;
  readonly cancelled: number;
  /** When the one that has been due longest became due, or null. */
  readonly oldestPendingAt: Date | null;
}

/**
 * Runs and manages task results one call at a time, for cron jobs, scripts, HTTP endpoints and tests.
 *
 * A call without `backend` means all of the server's backends; only `getTasks` and `purge` then mean "default".
 */
export interface Executor {
  /** Runs the first task result that is due; null when there is none. */
  processOneTask(target?: ExecutorTarget & ExecutorRun): Promise<TaskResult | null>;
  /** Runs due task results one after the other until none is due or `maxTasks` (default: no limit) have run. */
  processTasks(
    options?: ExecutorTarget & ExecutorRun & { readonly maxTasks?: number },
  ): Promise<readonly TaskResult[]>;
  /**
   * Runs this READY one now, due or not; with `allowRetry` a FAILED or CANCELLED one too, which is made READY for it.
   *
   * Rejects with NOT_EXECUTABLE, or with ABORTED when the signal has aborted before it could begin.
   */
  runTaskById(
    id: string,
    options?: { readonly allowRetry?: boolean; readonly backend?: string } & ExecutorRun,
  ): Promise<TaskResult>;
  /** Counts what is READY and due. */
  pendingTaskCount(target?: ExecutorTarget): Promise<number>;
  /** Reads one; rejects with RESULT_NOT_FOUND. */
  getResult(id: string, options?: { readonly backend?: string }): Promise<TaskResult>;
  /** Reads a page, newest first, by `offset` or `cursor`. */
  getTasks(options?: ListOptions): Promise<TaskResultPage>;
  /** Counts by state. */
  getTaskCounts(target?: ExecutorTarget): Promise<Record<TaskStatus, number>>;
  /**
   * Counts by backend, queue and state.
   *
   * With `upTo`, a whole number from 1, no number is greater, and one that equals it means that many or more; the cost
   * then does not grow with the tables, and `oldestPendingAt` is the earliest of the first in line.
   */
  getQueueStats(options?: {
    readonly backend?: string;
    readonly upTo?: number;
  }): Promise<readonly QueueStats[]>;
  /** Deletes one; false when there is none. Rejects with NOT_EXECUTABLE while it runs. */
  deleteTask(id: string, options?: { readonly backend?: string }): Promise<boolean>;
  /** Makes a FAILED or CANCELLED one READY again, with all its retries. Rejects with NOT_EXECUTABLE. */
  resetTaskForRetry(id: string, options?: { readonly backend?: string }): Promise<TaskResult>;
  /** Deletes finished task results; resolves to how many, or with `dryRun` to how many there are. */
  purge(options?: PurgeOptions): Promise<number>;
  /** Returns what lost its worker and ends what expired, as every worker does now and then; resolves to how many. */
  sweep(options?: { readonly backend?: string }): Promise<number>;
  /**
   * Brings what committed transactions have left in outboxes to the backends, as every worker does each second; resolves
   * to how many task results. What a backend that pushes has given up on while the app was away is sent anew with them.
   * Rejects when an outbox or its backend is away; nothing is lost by that.
   */
  relay(options?: { readonly backend?: string } & ExecutorRun): Promise<number>;
  /**
   * Enqueues what schedules have due, as every worker does at their times, for hosts where no worker stays up; resolves to
   * how many task results.
   */
  runSchedules(options?: { readonly backend?: string } & ExecutorRun): Promise<number>;
}

/** The names of {@link ExecutorTarget}. */
const TARGET: readonly string[] = ["backend", "queue"];

function maxTasksOf(maxTasks: unknown): number {
  if (maxTasks === undefined) return Number.POSITIVE_INFINITY;
  if (typeof maxTasks === "number" && maxTasks >= 0) return maxTasks;
  throw new TaskError({
    code: "INVALID_OPTION",
    message: "maxTasks must be a number, 0 or more.",
    data: { option: "maxTasks" },
  });
}

function checkUpTo(upTo: unknown): void {
  if (upTo === undefined || (Number.isSafeInteger(upTo) && (upTo as number) >= 1)) return;
  throw new TaskError({
    code: "INVALID_OPTION",
    message: "upTo must be a whole number of 1 or more.",
    data: { option: "upTo" },
  });
}

function sum(rows: readonly QueueCounts[], value: (row: QueueCounts) => number): number {
  return rows.reduce((total, row) => total + value(row), 0);
}

/** Makes the executor of an engine. */
export function createExecutor(engine: Engine): Executor {
  const runNow = new RunNow(engine, "executor");

  const named = (name: string | undefined): readonly OpenedBackend[] =>
    name === undefined ? [...engine.backends.values()] : [engine.backend(name)];

  const find = (id: string, options: { readonly backend?: string }) => findRecord(named(options.backend), id);

  const listed = ({ record, opened }: FoundRecord) =>
    toListedResult(record, engine.tasks.get(record.path), opened.name);

  /** Those that can be worked on so, opened; one that was named and cannot says so at its use. */
  async function workable(
    name: string | undefined,
    facet: "leases" | "maintenance" | "inspector",
  ): Promise<readonly OpenedBackend[]> {
    const able = named(name).filter(({ backend }) => name !== undefined || backend[facet] !== undefined);
    await Promise.all(able.map((opened) => opened.use()));
    return able;
  }

  async function runUpTo(
    maxTasks: number,
    target: ExecutorTarget & ExecutorRun,
  ): Promise<readonly TaskResult[]> {
    const { queue, signal } = target;
    if (queue !== undefined) checkKnownQueues(engine, [queue]);
    const backends = await workable(target.backend, "leases");
    const results: TaskResult[] = [];
    let isDry = false;
    // What runs from one backend may enqueue into another.
    while (!isDry && results.length < maxTasks) {
      isDry = true;
      for (const opened of backends) {
        while (results.length < maxTasks) {
          const result = await runNow.next(opened, { queue, signal });
          if (result === null) break;
          results.push(result);
          isDry = false;
        }
      }
    }
    return results;
  }

  async function countsOf(
    target: ExecutorTarget & { readonly upTo?: number },
  ): Promise<readonly (QueueCounts & { readonly backend: string })[]> {
    const counts = await Promise.all(
      (await workable(target.backend, "inspector")).map(async ({ name, inspector, clock }) =>
        (
          await inspector.countByQueue({
            now: clock.now(),
            ...(target.upTo === undefined ? {} : { cap: target.upTo }),
          })
        ).map((row) => ({ ...row, backend: name })),
      ),
    );
    return counts.flat().filter((row) => target.queue === undefined || row.queue === target.queue);
  }

  return {
    processOneTask: async (target = {}) => {
      checkOptionNames(target, "processOneTask()", [...TARGET, "signal"]);
      return (await runUpTo(1, target))[0] ?? null;
    },
    processTasks: async (options = {}) => {
      checkOptionNames(options, "processTasks()", [...TARGET, "signal", "maxTasks"]);
      return runUpTo(maxTasksOf(options.maxTasks), options);
    },
    runTaskById: async (id, options = {}) => {
      checkOptionNames(options, "runTaskById()", ["allowRetry", "backend", "signal"]);
      const found = await find(id, options);
      const { allowRetry, signal } = options;
      return runById(engine, found, { runNow, allowRetry: allowRetry === true, signal });
    },
    pendingTaskCount: async (target = {}) => {
      checkOptionNames(target, "pendingTaskCount()", TARGET);
      if (target.queue !== undefined) checkKnownQueues(engine, [target.queue]);
      return sum(await countsOf(target), (row) => row.due);
    },
    getResult: async (id, options = {}) => {
      checkOptionNames(options, "getResult()", ["backend"]);
      return listed(await find(id, options));
    },
    getTasks: async (options = {}) => {
      checkOptionNames(options, "getTasks()", LIST_OPTION_NAMES);
      return listResults(engine, options);
    },
    getTaskCounts: async (target = {}) => {
      checkOptionNames(target, "getTaskCounts()", TARGET);
      if (target.queue !== undefined) checkKnownQueues(engine, [target.queue]);
      const rows = await countsOf(target);
      return {
        READY: sum(rows, (row) => row.due + row.later),
        RUNNING: sum(rows, (row) => row.running),
        SUCCESSFUL: sum(rows, (row) => row.successful),
        FAILED: sum(rows, (row) => row.failed),
        CANCELLED: sum(rows, (row) => row.cancelled),
      };
    },
    getQueueStats: async (options = {}) => {
      checkOptionNames(options, "getQueueStats()", ["backend", "upTo"]);
      checkUpTo(options.upTo);
      return (await countsOf(options)).map((row) => ({
        backend: row.backend,
        queue: row.queue,
        pending: row.due,
        delayed: row.later,
        running: row.running,
        successful: row.successful,
        failed: row.failed,
        cancelled: row.cancelled,
        oldestPendingAt: row.oldestDueAt === null ? null : new Date(row.oldestDueAt),
      }));
    },
    deleteTask: async (id, options = {}) => {
      checkOptionNames(options, "deleteTask()", ["backend"]);
      const found = await find(id, options).catch((error: unknown) => {
        if (isTaskError(error, "RESULT_NOT_FOUND")) return null;
        throw error;
      });
      if (found === null) return false;
      const [outcome] = await found.opened.backend.store.delete({ ids: [id] });
      if (outcome === "running") throw notExecutable(found.record, "cancel it before you delete it");
      return outcome === "deleted";
    },
    resetTaskForRetry: async (id, options = {}) => {
      checkOptionNames(options, "resetTaskForRetry()", ["backend"]);
      const found = await find(id, options);
      await requeue(found);
      return listed(await findRecord([found.opened], id));
    },
    purge: (options = {}) => purge(engine, options),
    sweep: async (options = {}) => {
      checkOptionNames(options, "sweep()", ["backend"]);
      let changed = 0;
      for (const opened of await workable(options.backend, "maintenance"))
        changed += await sweep(engine, opened);
      return changed;
    },
    relay: async (options = {}) => {
      checkOptionNames(options, "relay()", ["backend", "signal"]);
      return relayOutboxes(engine, options);
    },
    runSchedules: async (options = {}) => {
      checkOptionNames(options, "runSchedules()", ["backend", "signal"]);
      const able = named(options.backend).filter(
        ({ backend }) => options.backend !== undefined || backend.schedules?.due !== undefined,
      );
      let total = 0;
      for (const opened of able) {
        await opened.use();
        const { enqueued } = await runSchedules(engine, opened, options.signal);
        total += enqueued;
      }
      return total;
    },
  };
}
