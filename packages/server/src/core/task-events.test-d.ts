import type { AttemptError, TaskResult, TaskStatus } from "@taskwright/shared";
import { expectTypeOf } from "vitest";
import type {
  AttemptEvent,
  EnqueuedEvent,
  FailedEvent,
  FailedTask,
  FinishedEvent,
  RetryingEvent,
  SucceededEvent,
  TaskEvent,
  TaskEventMap,
  TaskEventName,
  TaskEvents,
} from "./task-events.ts";

declare const events: TaskEvents;

expectTypeOf<TaskEventName>().toEqualTypeOf<keyof TaskEventMap>();
expectTypeOf<TaskEventName>().toEqualTypeOf<
  | "enqueued"
  | "started"
  | "succeeded"
  | "retrying"
  | "failed"
  | "cancelled"
  | "finished"
  | "leaseLost"
  | "released"
>();
// Every event says which task result it is about.
expectTypeOf<TaskEventMap[TaskEventName]>().toExtend<TaskEvent>();
expectTypeOf<TaskEvent>().toEqualTypeOf<{
  readonly id: string;
  readonly path: string;
  readonly queue: string;
  readonly backend: string;
}>();

expectTypeOf(events.on("started", () => {})).toEqualTypeOf<() => void>();
events.on("enqueued", (event) => {
  expectTypeOf(event).toEqualTypeOf<EnqueuedEvent>();
  expectTypeOf(event.deduplicated).toEqualTypeOf<boolean>();
});
events.on("started", (event) => expectTypeOf(event).toEqualTypeOf<AttemptEvent>());
events.on("succeeded", (event) => {
  expectTypeOf(event).toEqualTypeOf<SucceededEvent>();
  expectTypeOf(event.durationMs).toEqualTypeOf<number>();
});
events.on("retrying", (event) => {
  expectTypeOf(event).toEqualTypeOf<RetryingEvent>();
  expectTypeOf(event.runAfter).toEqualTypeOf<Date>();
});
events.on("failed", (event) => {
  expectTypeOf(event).toEqualTypeOf<FailedEvent>();
  expectTypeOf(event.error).toEqualTypeOf<AttemptError>();
});
events.on("cancelled", (event) => expectTypeOf(event).toEqualTypeOf<TaskEvent>());
events.on("finished", (event) => {
  expectTypeOf(event).toEqualTypeOf<FinishedEvent>();
  expectTypeOf(event.status).toEqualTypeOf<TaskStatus>();
});
events.on("leaseLost", (event) => expectTypeOf(event.workerId).toEqualTypeOf<string>());
events.on("released", (event) => expectTypeOf(event).toEqualTypeOf<AttemptEvent>());

// @ts-expect-error -- no such event
events.on("succeded", () => {});
// @ts-expect-error -- a failure has no duration
events.on("failed", ({ durationMs }) => durationMs);
// @ts-expect-error -- a listener takes the event
events.on("failed", (id: string) => id);
// @ts-expect-error -- who listens does not change what happened
events.on("failed", (event) => (event.path = ""));

expectTypeOf<FailedTask<{ to: string }>>().toEqualTypeOf<{
  readonly result: TaskResult<unknown, { to: string }>;
  readonly error: AttemptError;
}>();
