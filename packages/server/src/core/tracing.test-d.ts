import type { AttemptError, Enqueued } from "@taskwright/shared";
import { expectTypeOf } from "vitest";
import type {
  AttemptOutcome,
  AttemptSpan,
  EnqueueEnd,
  EnqueueSpan,
  TracedAttempt,
  TracedEnqueue,
  TraceHeaders,
  TraceOrigin,
  Tracing,
} from "./tracing.ts";

expectTypeOf<TraceHeaders>().toEqualTypeOf<Readonly<Record<string, string>>>();
expectTypeOf<TraceOrigin>().toEqualTypeOf<{
  readonly headers: TraceHeaders;
  readonly isOneOfMany: boolean;
}>();
expectTypeOf<TracedEnqueue["count"]>().toEqualTypeOf<number | null>();
expectTypeOf<TracedAttempt["origin"]>().toEqualTypeOf<TraceOrigin | null>();
expectTypeOf<TracedAttempt["by"]>().toEqualTypeOf<"worker" | "call" | "run">();

declare const end: EnqueueEnd;
if (end.kind === "stored") expectTypeOf(end.stored).toEqualTypeOf<readonly Enqueued[]>();
else expectTypeOf(end.error).toEqualTypeOf<unknown>();
// @ts-expect-error -- only one that failed has an error
void end.error;

declare const span: EnqueueSpan;
expectTypeOf(span.within(() => 1)).toEqualTypeOf<number>();
expectTypeOf(span.within(async () => "a")).toEqualTypeOf<Promise<string>>();
expectTypeOf<AttemptSpan["end"]>().toEqualTypeOf<
  (outcome: AttemptOutcome, error: AttemptError | null) => void
>();

// Any tracer fits that has both.
const startAttempt = (_: TracedAttempt): AttemptSpan => ({ within: (work) => work(), end: () => {} });
const tracing: Tracing = {
  startEnqueue: (enqueue) => ({ headers: { path: enqueue.path }, within: (work) => work(), end: () => {} }),
  startAttempt,
};
// @ts-expect-error -- enqueues are traced as well
const half: Tracing = { startAttempt };
// @ts-expect-error -- what a span is to be stored with is text
const numbered: EnqueueSpan = { ...span, headers: { traceparent: 1 } };
// @ts-expect-error -- whatever the function gives is given
const swallowing: AttemptSpan = { within: (work) => void work(), end: () => {} };

export { half, numbered, swallowing, tracing };
