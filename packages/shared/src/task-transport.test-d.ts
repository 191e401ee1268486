import { expectTypeOf } from "vitest";
import type { TaskStatus } from "./task-status.ts";
import {
  type AbortSignalLike,
  type CancelAnswer,
  type Enqueued,
  LIST_OPTION_NAMES,
  type ListOptions,
  type ProgressListeners,
  type ProgressUpdate,
  type ResultAddress,
  type TaskResultPage,
  type TaskTransport,
} from "./task-transport.ts";

expectTypeOf<AbortSignal>().toExtend<AbortSignalLike>();
expectTypeOf<CancelAnswer>().toEqualTypeOf<"cancelled" | "requested" | "finished">();
expectTypeOf<Enqueued>().toEqualTypeOf<{
  readonly id: string;
  readonly deduplicated: boolean;
  readonly status: TaskStatus;
}>();
expectTypeOf<ResultAddress["path"]>().toEqualTypeOf<string | null>();
expectTypeOf<TaskResultPage["nextCursor"]>().toEqualTypeOf<string | null>();
expectTypeOf<TaskTransport["enqueue"]>().returns.resolves.toEqualTypeOf<Enqueued>();
expectTypeOf<TaskTransport["enqueueMany"]>().returns.resolves.toEqualTypeOf<readonly Enqueued[]>();
expectTypeOf<TaskTransport["cancel"]>().returns.resolves.toEqualTypeOf<CancelAnswer>();
expectTypeOf<TaskTransport["listResults"]>().parameters.toEqualTypeOf<[ListOptions]>();

expectTypeOf<ProgressUpdate>().toEqualTypeOf<{ readonly status: TaskStatus; readonly progress: unknown }>();
expectTypeOf<TaskTransport["watchProgress"]>().toEqualTypeOf<
  (address: ResultAddress, listeners: ProgressListeners) => () => void
>();
// @ts-expect-error -- somebody has to be told what went wrong
const deaf: ProgressListeners = { onUpdate: () => {} };

expectTypeOf(LIST_OPTION_NAMES).items.toEqualTypeOf<keyof ListOptions>();
const list: ListOptions = { status: ["FAILED", "CANCELLED"], task: "sendEmail", limit: 10, cursor: "c" };
// @ts-expect-error -- a word of another library
const otherStatus: ListOptions = { status: "COMPLETED" };
// @ts-expect-error -- times are Dates
const textTime: ListOptions = { enqueuedFrom: "2030-01-01" };
// @ts-expect-error -- no such option
const path: ListOptions = { path: "sendEmail" };
// @ts-expect-error -- a transport can do all of it
const half: TaskTransport = { enqueue: async () => ({ id: "1", deduplicated: false, status: "READY" }) };

export { deaf, half, list, otherStatus, path, textTime };
