import {
  type ListOptions,
  TaskError,
  type TaskResult,
  type TaskResultPage,
  type TaskStatus,
} from "@taskwright/shared";
import type { QueueCounts, TaskRecord } from "../backend/index.ts";
import type { RunningAttempt } from "./attempt.ts";
import { AttemptRunner } from "./attempt-runner.ts";
import type { Engine } from "./engine.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { listResults } from "./list-results.ts";
import type { OpenedBackend } from "./opened-backend.ts";
import { rankOf } from "./rank.ts";
import { toListedResult } from "./result-mapping.ts";
import { runnableTasks } from "./runnable-tasks.ts";
import { type PurgeOptions, purge, sweep } from "./upkeep.ts";

/** Which backend and queue an executor call means. */
export interface ExecutorTarget {
  /** @default "default" */
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

/** Runs and manages task results one call at a time, for cron jobs, scripts, HTTP endpoints and tests. */
export interface Executor {
  /** Runs the first task result that is due; null when there is none. */
  processOneTask(target?: ExecutorTarget & ExecutorRun): Promise<TaskResult | null>;
  /** Runs due task results one after the other until none is due or `maxTasks` (default: no limit) have run. */
  processTasks(
    options?: ExecutorTarget & ExecutorRun & { readonly maxTasks?: number },
  ): Promise<readonly TaskResult[]>;
  /** Runs this READY one now, due or not; with `allowRetry` a FAILED or CANCELLED one too. Rejects with NOT_EXECUTABLE. */
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
  /** Counts by queue and state. */
  getQueueStats(options?: { readonly backend?: string }): Promise<readonly QueueStats[]>;
  /** Deletes one; false when there is none. Rejects with NOT_EXECUTABLE while it runs. */
  deleteTask(id: string, options?: { readonly backend?: string }): Promise<boolean>;
  /** Makes a FAILED or CANCELLED one READY again, with all its retries. Rejects with NOT_EXECUTABLE. */
  resetTaskForRetry(id: string, options?: { readonly backend?: string }): Promise<TaskResult>;
  /** Deletes finished task results; resolves to how many, or with `dryRun` to how many there are. */
  purge(options?: PurgeOptions): Promise<number>;
  /** Returns what lost its worker and ends what expired, as every worker does now and then; resolves to how many. */
  sweep(options?: { readonly backend?: string }): Promise<number>;
}

async function openBackend(engine: Engine, name: string | undefined): Promise<OpenedBackend> {
  const opened = engine.backend(name ?? "default");
  await opened.open();
  return opened;
}

async function readRecord(opened: OpenedBackend, id: string): Promise<TaskRecord> {
  const record = await opened.reads.add(id);
  if (record !== null) return record;
  throw new TaskError({
    code: "RESULT_NOT_FOUND",
    message: `There is no task result ${String(id).slice(0, 100)} in the backend "${opened.name}".`,
    data: { id },
  });
}

function notExecutable(record: TaskRecord, needed: string): TaskError {
  return new TaskError({
    code: "NOT_EXECUTABLE",
    message: `${record.path} ${record.id} is ${record.status}; ${needed}.`,
    data: { id: record.id, path: record.path, status: record.status },
  });
}

/** Makes the executor of an engine. */
export function createExecutor(engine: Engine): Executor {
  const workerId = `executor-${engine.host.processName}`;

  async function runNext(
    opened: OpenedBackend,
    target: { queue?: string | undefined; id?: string; signal?: AbortSignal | undefined },
  ): Promise<TaskResult | null> {
    if (target.signal?.aborted === true) return null;
    const keeper = new LeaseKeeper(opened, engine.host, engine.logger);
    const tasks = runnableTasks(engine);
    const { claimed } = await opened.leases.claim({
      workerId,
      tasks,
      queues: target.queue === undefined ? "all" : [target.queue],
      limit: 1,
      ...(target.id === undefined ? {} : { id: target.id }),
      now: opened.clock.now(),
    });
    const [first] = claimed;
    if (first === undefined) return null;
    const durationMs = engine.task(first.path).options.leaseMs;
    const held = keeper.keep(first, { durationMs, onLost: () => {} });
    const stop = new AbortController();
    const watch = (attempt: RunningAttempt) => {
      target.signal?.addEventListener("abort", () => attempt.abort("shutdown"), { signal: stop.signal });
    };
    const { settled } = await new AttemptRunner(engine, { opened, workerId, keeper }).run(first, held, watch);
    stop.abort();
    await settled;
    return toListedResult(await readRecord(opened, first.id), engine.tasks.get(first.path), opened.name);
  }

  async function requeue(opened: OpenedBackend, record: TaskRecord): Promise<void> {
    const now = opened.clock.now();
    const outcome = await opened.backend.store.requeue({
      id: record.id,
      runAfter: now,
      rank: rankOf(now, record.priority),
      now,
    });
    if (outcome !== "requeued") throw notExecutable(record, "only FAILED and CANCELLED ones can be retried");
  }

  async function countsOf(
    backend: string | undefined,
    queue: string | undefined,
  ): Promise<readonly QueueCounts[]> {
    const opened = await openBackend(engine, backend);
    const counts = await opened.inspector.countByQueue({ now: opened.clock.now() });
    return queue === undefined ? counts : counts.filter((row) => row.queue === queue);
  }

  const sum = (rows: readonly QueueCounts[], value: (row: QueueCounts) => number) =>
    rows.reduce((total, row) => total + value(row), 0);

  return {
    processOneTask: async (target = {}) =>
      runNext(await openBackend(engine, target.backend), { queue: target.queue, signal: target.signal }),
    processTasks: async (options = {}) => {
      const { maxTasks = Number.POSITIVE_INFINITY } = options;
      if (!(maxTasks >= 0))
        throw new TaskError({
          code: "INVALID_OPTION",
          message: "maxTasks must be 0 or more.",
          data: { option: "maxTasks" },
        });
      const opened = await openBackend(engine, options.backend);
      const results: TaskResult[] = [];
      while (results.length < maxTasks) {
        const result = await runNext(opened, { queue: options.queue, signal: options.signal });
        if (result === null) break;
        results.push(result);
      }
      return results;
    },
    runTaskById: async (id, options = {}) => {
      const opened = await openBackend(engine, options.backend);
      const record = await readRecord(opened, id);
      const canRetry = record.status === "FAILED" || record.status === "CANCELLED";
      if (canRetry && options.allowRetry === true) await requeue(opened, record);
      else if (record.status !== "READY") {
        throw notExecutable(
          record,
          canRetry ? "pass allowRetry to run it again" : "only READY ones can be run",
        );
      }
      if (engine.task(record.path).handler === undefined) {
        throw new TaskError({
          code: "HANDLER_MISSING",
          message: `This server has no handler for ${record.path}.`,
        });
      }
      const result = await runNext(opened, { id, signal: options.signal });
      if (result === null) throw notExecutable(await readRecord(opened, id), "another worker was faster");
      return result;
    },
    pendingTaskCount: async (target = {}) =>
      sum(await countsOf(target.backend, target.queue), (row) => row.due),
    getResult: async (id, options = {}) => {
      const opened = await openBackend(engine, options.backend);
      const record = await readRecord(opened, id);
      return toListedResult(record, engine.tasks.get(record.path), opened.name);
    },
    getTasks: (options = {}) => listResults(engine, options),
    getTaskCounts: async (target = {}) => {
      const rows = await countsOf(target.backend, target.queue);
      return {
        READY: sum(rows, (row) => row.due + row.later),
        RUNNING: sum(rows, (row) => row.running),
        SUCCESSFUL: sum(rows, (row) => row.successful),
        FAILED: sum(rows, (row) => row.failed),
        CANCELLED: sum(rows, (row) => row.cancelled),
      };
    },
    getQueueStats: async (options = {}) =>
      (await countsOf(options.backend, undefined)).map((row) => ({
        queue: row.queue,
        pending: row.due,
        delayed: row.later,
        running: row.running,
        successful: row.successful,
        failed: row.failed,
        cancelled: row.cancelled,
        oldestPendingAt: row.oldestDueAt === null ? null : new Date(row.oldestDueAt),
      })),
    deleteTask: async (id, options = {}) => {
      const opened = await openBackend(engine, options.backend);
      const [outcome] = await opened.backend.store.delete({ ids: [id] });
      if (outcome === "running")
        throw notExecutable(await readRecord(opened, id), "cancel it before you delete it");
      return outcome === "deleted";
    },
    resetTaskForRetry: async (id, options = {}) => {
      const opened = await openBackend(engine, options.backend);
      await requeue(opened, await readRecord(opened, id));
      const record = await readRecord(opened, id);
      return toListedResult(record, engine.tasks.get(record.path), opened.name);
    },
    purge: (options = {}) => purge(engine, options),
    sweep: async (options = {}) => sweep(engine, await openBackend(engine, options.backend)),
  };
}
