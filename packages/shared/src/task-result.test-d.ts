import { expectTypeOf } from "vitest";
import {
  type SuccessfulTaskResult,
  type TaskResult,
  type TaskResultFields,
  type TaskResultInit,
  taskResult,
  type UnsuccessfulTaskResult,
} from "./task-result.ts";
import type { TaskStatus } from "./task-status.ts";

interface Mail {
  to: string;
}
interface Sent {
  messageId: string;
}
declare const result: TaskResult<Sent, Mail>;

// The state tells whether there is an output.
expectTypeOf(result.output).toEqualTypeOf<Sent | undefined>();
if (result.status === "SUCCESSFUL") {
  expectTypeOf(result).toEqualTypeOf<SuccessfulTaskResult<Sent, Mail>>();
  expectTypeOf(result.output).toEqualTypeOf<Sent>();
} else {
  expectTypeOf(result).toEqualTypeOf<UnsuccessfulTaskResult<Mail>>();
  expectTypeOf(result.output).toEqualTypeOf<undefined>();
}
expectTypeOf(result.status).toEqualTypeOf<TaskStatus>();
expectTypeOf(result.input).toEqualTypeOf<Mail>();
expectTypeOf(result).toExtend<TaskResultFields<Mail>>();
expectTypeOf(result.finishedAt).toEqualTypeOf<Date | null>();
expectTypeOf(result.runAfter).toEqualTypeOf<Date>();
expectTypeOf(result.progress).toEqualTypeOf<unknown>();
expectTypeOf(result.toJSON()).toEqualTypeOf<Record<string, unknown>>();
// A typed one fits where any one does.
expectTypeOf(result).toExtend<TaskResult>();

// @ts-expect-error -- it may have no output
result.output.messageId;
// @ts-expect-error -- it is a record of what happened
result.attempts = 0;
if (result.status === "FAILED") {
  // @ts-expect-error -- a failed one has no output
  result.output.messageId;
}

declare const init: TaskResultInit;
expectTypeOf(taskResult(init)).toEqualTypeOf<TaskResult>();
// @ts-expect-error -- whether it is finished follows from the rest
taskResult({ ...init, isFinished: true });
