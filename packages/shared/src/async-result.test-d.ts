import { expectTypeOf } from "vitest";
import { type AsyncResult, asyncResult, type GetOptions, type ProgressOptions } from "./async-result.ts";
import type { TaskResult } from "./task-result.ts";
import type { TaskStatus } from "./task-status.ts";
import type { CancelAnswer, ProgressUpdate, TaskTransport } from "./task-transport.ts";

declare const transport: TaskTransport;
const result = asyncResult<{ messageId: string }, { to: string }>(
  transport,
  { id: "1", path: "sendEmail", backend: null },
  false,
);

expectTypeOf(result).toEqualTypeOf<AsyncResult<{ messageId: string }, { to: string }>>();
expectTypeOf(result.get).returns.resolves.toEqualTypeOf<{ messageId: string }>();
expectTypeOf(result.status).returns.resolves.toEqualTypeOf<TaskStatus>();
expectTypeOf(result.refresh).returns.resolves.toEqualTypeOf<
  TaskResult<{ messageId: string }, { to: string }>
>();
expectTypeOf(result.cancel).returns.resolves.toEqualTypeOf<CancelAnswer>();
expectTypeOf(result.deduplicated).toEqualTypeOf<boolean>();
expectTypeOf(result.taskId).toEqualTypeOf<string>();
// A typed handle fits where any handle does, and one of another task does not.
expectTypeOf(result).toExtend<AsyncResult<unknown>>();
expectTypeOf(result).not.toExtend<AsyncResult<{ invoiceId: string }>>();
// A handle is no promise: awaiting it gives the handle, and only get() waits for the end.
expectTypeOf<Awaited<typeof result>>().toEqualTypeOf<typeof result>();

const options: GetOptions = { timeout: "30s", signal: new AbortController().signal };
void result.get(options);
// @ts-expect-error -- a number has no unit
void result.get({ timeout: 30 });
// @ts-expect-error -- an unknown option
void result.get({ timeoutMs: 30 });
// @ts-expect-error -- the controller is not the signal
void result.get({ signal: new AbortController() });
// @ts-expect-error -- an id does not change
result.id = "2";

const stop = result.onProgress(({ status, progress }) => {
  expectTypeOf(status).toEqualTypeOf<TaskStatus>();
  expectTypeOf(progress).toBeUnknown();
});
expectTypeOf(stop).toEqualTypeOf<() => void>();
expectTypeOf(result.onProgress).parameter(0).toEqualTypeOf<(update: ProgressUpdate) => void>();
expectTypeOf(result.onProgress).parameter(1).toEqualTypeOf<ProgressOptions | undefined>();
result.onProgress(() => {}, { onError: (error) => expectTypeOf(error).toBeUnknown() });
// @ts-expect-error -- it needs a listener
result.onProgress();
// @ts-expect-error -- an unknown option
result.onProgress(() => {}, { signal: new AbortController().signal });
