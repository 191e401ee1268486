import { expectTypeOf } from "vitest";
import { ERROR_CODES, type TaskErrorCode } from "./error-codes.ts";
import {
  isTaskError,
  PayloadError,
  type PayloadErrorData,
  type PayloadIssue,
  TaskError,
  type TaskErrorInit,
  type TaskErrorJson,
} from "./task-error.ts";

expectTypeOf<keyof typeof ERROR_CODES>().toEqualTypeOf<TaskErrorCode>();
expectTypeOf(ERROR_CODES.PAYLOAD_ERROR.httpStatus).toExtend<number>();
expectTypeOf<
  "TASK_FAILED" | "RESULT_TIMEOUT" | "LEASE_LOST" | "BACKEND_UNAVAILABLE"
>().toExtend<TaskErrorCode>();

const error = new TaskError({ code: "TASK_FAILED", message: "It failed.", data: { id: "1" } });
expectTypeOf(error).toEqualTypeOf<TaskError<{ id: string }>>();
expectTypeOf(error.data).toEqualTypeOf<{ id: string } | undefined>();
expectTypeOf(error.code).toEqualTypeOf<TaskErrorCode>();
expectTypeOf(error.httpStatus).toEqualTypeOf<number>();
expectTypeOf(error.retryable).toEqualTypeOf<boolean>();
expectTypeOf(error.toJSON()).toEqualTypeOf<TaskErrorJson<{ id: string }>>();
expectTypeOf(error).toExtend<Error>();

// @ts-expect-error -- no such code
new TaskError({ code: "NO_SUCH_CODE", message: "" });
// @ts-expect-error -- an error says something
new TaskError({ code: "CLOSED" });
// @ts-expect-error -- codes do not change
error.code = "CLOSED";
// @ts-expect-error -- the data may be missing
error.data.id;

declare const issue: PayloadIssue;
const data: PayloadErrorData = { task: "sendEmail", side: "input", issues: [issue] };
const payloadError = new PayloadError({ message: "It does not fit.", data });
expectTypeOf(payloadError.data).toEqualTypeOf<PayloadErrorData | undefined>();
expectTypeOf(payloadError).toExtend<TaskError<PayloadErrorData>>();
expectTypeOf(issue.path).toEqualTypeOf<readonly (string | number)[]>();
expectTypeOf<Omit<TaskErrorInit<PayloadErrorData>, "code">>().toEqualTypeOf<
  ConstructorParameters<typeof PayloadError>[0]
>();
// @ts-expect-error -- its code is its own
new PayloadError({ code: "CLOSED", message: "" });
// @ts-expect-error -- a payload has two sides
export const sideways: PayloadErrorData = { ...data, side: "both" };

declare const caught: unknown;
if (isTaskError(caught)) expectTypeOf(caught).toEqualTypeOf<TaskError>();
if (isTaskError(caught, "RESULT_TIMEOUT")) expectTypeOf(caught.message).toEqualTypeOf<string>();
if (isTaskError(caught, "PAYLOAD_ERROR"))
  expectTypeOf(caught.data).toEqualTypeOf<PayloadErrorData | undefined>();
// @ts-expect-error -- errors of other codes have no issues
if (isTaskError(caught, "TASK_FAILED")) caught.data?.issues;
// @ts-expect-error -- no such code
isTaskError(caught, "TIMEOUT");
// @ts-expect-error -- nothing is known of what was caught
caught.code;
