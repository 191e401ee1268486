import { expectTypeOf } from "vitest";
import {
  FINISHED_STATUSES,
  type FinishedStatus,
  isFinishedStatus,
  TASK_STATUSES,
  type TaskStatus,
} from "./task-status.ts";

expectTypeOf<TaskStatus>().toEqualTypeOf<"READY" | "RUNNING" | "SUCCESSFUL" | "FAILED" | "CANCELLED">();
expectTypeOf<FinishedStatus>().toEqualTypeOf<"SUCCESSFUL" | "FAILED" | "CANCELLED">();
expectTypeOf(TASK_STATUSES).toEqualTypeOf<readonly TaskStatus[]>();
expectTypeOf(FINISHED_STATUSES).toEqualTypeOf<readonly FinishedStatus[]>();

declare const status: TaskStatus;
if (isFinishedStatus(status)) expectTypeOf(status).toEqualTypeOf<FinishedStatus>();
else expectTypeOf(status).toEqualTypeOf<"READY" | "RUNNING">();

// @ts-expect-error -- a word of another library
isFinishedStatus("COMPLETED");
// @ts-expect-error -- the list is fixed
TASK_STATUSES.push("READY");
