import type { TaskResult, TaskResultPage, TaskStatus } from "@taskwright/shared";
import { expectTypeOf } from "vitest";
import type { Executor, ExecutorRun, ExecutorTarget, QueueStats } from "./executor.ts";
import type { PurgeOptions } from "./upkeep.ts";

declare const executor: Executor;
const { signal } = new AbortController();

expectTypeOf<ExecutorTarget>().toEqualTypeOf<{ readonly backend?: string; readonly queue?: string }>();
expectTypeOf<ExecutorRun>().toEqualTypeOf<{ readonly signal?: AbortSignal }>();
expectTypeOf(
  executor.processOneTask({ queue: "emails", signal }),
).resolves.toEqualTypeOf<TaskResult | null>();
expectTypeOf(executor.processTasks({ maxTasks: 10 })).resolves.toEqualTypeOf<readonly TaskResult[]>();
expectTypeOf(executor.runTaskById("1", { allowRetry: true })).resolves.toEqualTypeOf<TaskResult>();
expectTypeOf(executor.pendingTaskCount()).resolves.toEqualTypeOf<number>();
expectTypeOf(executor.getResult("1")).resolves.toEqualTypeOf<TaskResult>();
expectTypeOf(executor.getTasks({ status: "FAILED" })).resolves.toEqualTypeOf<TaskResultPage>();
expectTypeOf(executor.getTaskCounts()).resolves.toEqualTypeOf<Record<TaskStatus, number>>();
expectTypeOf(executor.getQueueStats()).resolves.toEqualTypeOf<readonly QueueStats[]>();
expectTypeOf(executor.deleteTask("1")).resolves.toEqualTypeOf<boolean>();
expectTypeOf(executor.resetTaskForRetry("1")).resolves.toEqualTypeOf<TaskResult>();
expectTypeOf(
  executor.purge({ days: 7, status: ["FAILED"], batchSize: 10, dryRun: true }),
).resolves.toEqualTypeOf<number>();
expectTypeOf(executor.sweep({ backend: "bulk" })).resolves.toEqualTypeOf<number>();
expectTypeOf(executor.relay({ backend: "bulk" })).resolves.toEqualTypeOf<number>();
expectTypeOf(executor.runSchedules({ backend: "bulk", signal })).resolves.toEqualTypeOf<number>();
expectTypeOf<QueueStats["oldestPendingAt"]>().toEqualTypeOf<Date | null>();
expectTypeOf<PurgeOptions["onProgress"]>().toEqualTypeOf<((purged: number) => void) | undefined>();

// @ts-expect-error -- an unknown option
void executor.processTasks({ max: 10 });
// @ts-expect-error -- one queue or all
void executor.pendingTaskCount({ queue: ["a", "b"] });
// @ts-expect-error -- what has not finished is never purged
void executor.purge({ status: "READY" });
// @ts-expect-error -- the controller is not the signal
void executor.processOneTask({ signal: new AbortController() });
// @ts-expect-error -- it runs one, by its id
void executor.runTaskById();
