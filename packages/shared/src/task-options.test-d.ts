import { expectTypeOf } from "vitest";
import type { Duration } from "./duration.ts";
import type {
  BackoffOptions,
  CallOptions,
  CallOptionsWithCountdown,
  CallOptionsWithEta,
  CallOptionsWithRunAfter,
  EnqueueManyOptions,
  RouterDefaults,
  SharedOptions,
  TaskOptions,
} from "./task-options.ts";

const shared: Required<SharedOptions<"default" | "emails">> = {
  queue: "emails",
  backend: "bulk",
  priority: -100,
  maxRetries: 0,
  retryDelay: 30,
  backoff: { initial: "1s", factor: 2, max: "1h", jitter: false },
  timeout: false,
  expires: "1h",
  deduplicated: true,
  deduplicationId: "id",
  deduplicationWindow: "10m",
  tags: ["a"],
};

function call(_options: CallOptions<"default" | "emails">): void {}
function many(_options: EnqueueManyOptions<"default" | "emails">): void {}
function task(_options: TaskOptions<"default" | "emails">): void {}
function defaults(_options: RouterDefaults<"default" | "emails">): void {}

expectTypeOf<BackoffOptions["max"]>().toEqualTypeOf<Duration | undefined>();
expectTypeOf<CallOptions>().toEqualTypeOf<
  CallOptionsWithCountdown | CallOptionsWithEta | CallOptionsWithRunAfter
>();
expectTypeOf<CallOptions<"emails">>().toExtend<CallOptions>();

// --- Calls ---

call({});
call(shared);
call({ ...shared, countdown: "5m" });
call({ countdown: 5 });
call({ eta: new Date() });
call({ eta: "2030-01-01T00:00:00Z" });
call({ runAfter: new Date() });
call({ runAfter: "2030-01-01T00:00:00+02:00" });
declare const later: boolean;
call({ priority: 1, ...(later ? { countdown: "1h" } : {}) });
call(later ? { eta: new Date() } : {});
// @ts-expect-error -- two times
call({ countdown: 5, eta: new Date() });
// @ts-expect-error -- two times
call({ countdown: "5m", runAfter: "2030-01-01T00:00:00Z" });
// @ts-expect-error -- two times
call({ eta: new Date(), runAfter: new Date() });
// @ts-expect-error -- three
call({ countdown: 5, eta: new Date(), runAfter: new Date() });
// @ts-expect-error -- a time in milliseconds could be anything
call({ eta: Date.now() });
// @ts-expect-error -- an unknown option
call({ prioritty: 1 });
// @ts-expect-error -- one word of another library
call({ retries: 1 });
// @ts-expect-error -- the contract has no such queue
call({ queue: "mails" });
// @ts-expect-error -- a priority is a number
call({ priority: "high" });
// @ts-expect-error -- a number of what?
call({ timeout: 30 });
// @ts-expect-error -- true is no duration
call({ timeout: true });
// @ts-expect-error -- only the word false means no limit
call({ expires: false });
// @ts-expect-error -- retries are counted
call({ maxRetries: "3" });
// @ts-expect-error -- tags are words
call({ tags: "one" });
// @ts-expect-error -- a wait has a unit, or counts seconds
call({ retryDelay: "30" });
// @ts-expect-error -- an unknown option of a backoff
call({ backoff: { minimum: "1s" } });
// @ts-expect-error -- a backoff counts in durations
call({ backoff: { initial: 1 } });
// @ts-expect-error -- a label belongs to the task
call({ label: "Label" });
// @ts-expect-error -- and so does its lease
call({ lease: "1m" });
// @ts-expect-error -- and whether it has a transaction
call({ transaction: true });

// --- Tasks ---

task({ ...shared, label: "Label", lease: "2m", transaction: true });
// @ts-expect-error -- when a call is due is said by the call
task({ countdown: 5 });
// @ts-expect-error -- as above
task({ eta: new Date() });
// @ts-expect-error -- as above
task({ runAfter: new Date() });
// @ts-expect-error -- the contract has no such queue
task({ queue: "mails" });
// @ts-expect-error -- a lease is limited
task({ lease: false });

// --- Defaults ---

defaults({ queue: "emails", lease: "2m", tags: [] });
// @ts-expect-error -- two tasks of one id would be one
defaults({ deduplicationId: "id" });
// @ts-expect-error -- a label names one task
defaults({ label: "Label" });
// @ts-expect-error -- when a call is due is said by the call
defaults({ countdown: 5 });

// --- enqueueMany ---

many({ deduplicated: true, deduplicationWindow: "1h", countdown: 5, queue: "emails" });
// @ts-expect-error -- under one id only the first would be stored
many({ deduplicationId: "id" });
// @ts-expect-error -- two times
many({ countdown: 5, eta: new Date() });
