import { initTasks, type TaskSchedule } from "@taskwright/shared";
import { expectTypeOf } from "vitest";
import * as z from "zod";
import type { ScheduleSync } from "../backend/index.ts";
import { memoryBackend } from "../backends/memory/index.ts";
import { createTaskClient, createTaskServer } from "../create-task-server.ts";
import type { ScheduleListOptions, SchedulePage, Schedules, ScheduleTarget } from "./schedules.ts";

const t = initTasks.create({ queues: ["default", "emails"] });
const tasks = t.router({
  tick: t.task,
  sendEmail: t.task.input(z.object({ to: z.email(), body: z.string().default("") })),
  log: t.task.input(z.any()),
  billing: t.router({
    report: t.task.input(z.object({ month: z.int() }).optional()),
    inner: t.router({ remind: t.task.input(z.iso.datetime().transform((text) => new Date(text))) }),
  }),
});
declare const schedules: Schedules<typeof tasks>;
const cron = "0 4 * * *";

// A direct client and a server's client have them.
expectTypeOf(createTaskClient(tasks, { backend: memoryBackend() }).schedules).toEqualTypeOf(schedules);
expectTypeOf(
  createTaskServer({ tasks, backend: memoryBackend(), only: ["tick"], handlers: { tick: () => {} } }).client
    .schedules,
).toEqualTypeOf(schedules);

// --- create() knows the task by its path ---

expectTypeOf(schedules.create({ task: "tick", cron })).resolves.toEqualTypeOf<TaskSchedule>();
void schedules.create({ task: "sendEmail", cron, input: { to: "ada@example.com" } });
void schedules.create({ task: "log", cron, input: [1] });
void schedules.create({ task: "billing.report", cron });
void schedules.create({ task: "billing.report", cron, input: { month: 1 } });
// The input is what callers pass, not what the handler gets.
void schedules.create({ task: "billing.inner.remind", cron, input: "2030-01-01T00:00:00Z" });
void schedules.create({
  task: "tick",
  id: "nightly",
  name: "Nightly",
  cron,
  timeZone: "Europe/Berlin",
  misfire: "all",
  isPaused: true,
  backend: "bulk",
  queue: "emails",
  priority: 10,
  maxRetries: 0,
  timeout: "5m",
  expires: "1h",
  tags: ["nightly"],
});

// Built-in tasks are in every contract.
void schedules.create({ task: "taskwright.relay", cron });
void schedules.create({ task: "taskwright.clearStaleResults", cron });
void schedules.create({ task: "taskwright.clearStaleResults", cron, input: { since: 86_400 }, queue: "low" });
// @ts-expect-error -- it takes seconds
void schedules.create({ task: "taskwright.clearStaleResults", cron, input: { since: "7d" } });
// @ts-expect-error -- it takes nothing
void schedules.create({ task: "taskwright.relay", cron, input: { backend: "bulk" } });

// @ts-expect-error -- an unknown path
void schedules.create({ task: "tock", cron });
// @ts-expect-error -- a router is no task
void schedules.create({ task: "billing", cron });
// @ts-expect-error -- a task of a router is named by its whole path
void schedules.create({ task: "remind", cron, input: "2030-01-01T00:00:00Z" });
// @ts-expect-error -- without a rule
void schedules.create({ task: "tick" });
// @ts-expect-error -- without its input
void schedules.create({ task: "sendEmail", cron });
// @ts-expect-error -- with a wrong input
void schedules.create({ task: "sendEmail", cron, input: { to: 1 } });
// @ts-expect-error -- with the input of another task
void schedules.create({ task: "billing.report", cron, input: { to: "ada@example.com" } });
// @ts-expect-error -- with what the handler gets
void schedules.create({ task: "billing.inner.remind", cron, input: new Date() });
// @ts-expect-error -- with an input for a task without one
void schedules.create({ task: "tick", cron, input: { to: "ada@example.com" } });
// @ts-expect-error -- a queue of another contract
void schedules.create({ task: "tick", cron, queue: "mails" });
// @ts-expect-error -- the rule says when, and nothing else does
void schedules.create({ task: "tick", cron, countdown: "5m" });
// @ts-expect-error -- nor this
void schedules.create({ task: "tick", cron, runAfter: new Date() });
// @ts-expect-error -- each time is its own task result
void schedules.create({ task: "tick", cron, deduplicationId: "nightly" });
// @ts-expect-error -- so this has nothing to say either
void schedules.create({ task: "tick", cron, deduplicated: true });
// @ts-expect-error -- an unknown way with missed times
void schedules.create({ task: "tick", cron, misfire: "never" });

// --- The others go by id ---

expectTypeOf(schedules.get).parameters.toEqualTypeOf<[id: string, target?: ScheduleTarget | undefined]>();
expectTypeOf(schedules.get("nightly")).resolves.toEqualTypeOf<TaskSchedule>();
expectTypeOf(schedules.pause("nightly", { backend: "bulk" })).resolves.toEqualTypeOf<TaskSchedule>();
expectTypeOf(schedules.resume("nightly")).resolves.toEqualTypeOf<TaskSchedule>();
expectTypeOf(schedules.delete("nightly")).resolves.toEqualTypeOf<boolean>();
expectTypeOf<ScheduleTarget>().toEqualTypeOf<{ readonly backend?: string }>();
expectTypeOf(schedules.list).parameters.toEqualTypeOf<[options?: ScheduleListOptions | undefined]>();
expectTypeOf(schedules.list({ task: "tick", limit: 10 })).resolves.toEqualTypeOf<SchedulePage>();
expectTypeOf<SchedulePage["schedules"]>().toEqualTypeOf<readonly TaskSchedule[]>();
expectTypeOf<SchedulePage["nextCursor"]>().toEqualTypeOf<string | null>();

expectTypeOf(schedules.sync).parameters.toEqualTypeOf<[target?: ScheduleTarget | undefined]>();
expectTypeOf(schedules.sync({ backend: "bulk" })).resolves.toEqualTypeOf<ScheduleSync>();
// @ts-expect-error -- of whole backends
void schedules.sync("nightly");
// @ts-expect-error -- one at a time
void schedules.delete(["nightly"]);
// @ts-expect-error -- a queue holds task results, not schedules
void schedules.list({ queue: "emails" });
// @ts-expect-error -- pages go on by a cursor, of which there may be none
void schedules.list({ cursor: null });
