import { expectTypeOf } from "vitest";
import type { TaskErrorCode } from "./error-codes.ts";
import { isTaskError, type TaskError } from "./task-error.ts";
import {
  SignatureError,
  type SignatureErrorData,
  type SignatureFault,
  WebhookError,
} from "./webhook-error.ts";

expectTypeOf<"WEBHOOK_ERROR" | "SIGNATURE_ERROR" | "UPDATE_REQUIRED">().toExtend<TaskErrorCode>();

const refused = new WebhookError({ message: "It is no message.", data: { id: "1" } });
expectTypeOf(refused).toExtend<TaskError<{ id: string }>>();
expectTypeOf(refused.data).toEqualTypeOf<{ id: string } | undefined>();
// @ts-expect-error -- it is about calls to the webhook, and nothing else
new WebhookError({ code: "TASK_FAILED", message: "" });

const data: SignatureErrorData = { reason: "url-mismatch", expected: "https://a", got: "http://a" };
const error = new SignatureError({ message: "It is signed for another URL.", data });
expectTypeOf(error).toExtend<WebhookError<SignatureErrorData>>();
expectTypeOf(error.data?.reason).toEqualTypeOf<SignatureFault | undefined>();
expectTypeOf<SignatureFault>().toEqualTypeOf<
  | "missing"
  | "malformed"
  | "expired"
  | "not-yet-valid"
  | "wrong-key"
  | "body-hash"
  | "url-mismatch"
  | "replayed"
>();
// @ts-expect-error -- its code is its own
new SignatureError({ code: "WEBHOOK_ERROR", message: "" });
// @ts-expect-error -- there is no such reason
new SignatureError({ message: "", data: { reason: "stale" } });
// @ts-expect-error -- a fault does not change
data.reason = "missing";

declare const caught: unknown;
if (isTaskError(caught, "SIGNATURE_ERROR")) expectTypeOf(caught.retryable).toEqualTypeOf<boolean>();
