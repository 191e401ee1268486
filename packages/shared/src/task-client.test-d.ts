import { expectTypeOf } from "vitest";
import * as z from "zod";
import type { AsyncResult } from "./async-result.ts";
import { initTasks } from "./init-tasks.ts";
import {
  type OutputForm,
  type ResultsClient,
  type TaskCaller,
  type TaskCallers,
  type TaskClient,
  taskClient,
} from "./task-client.ts";
import type { TaskResult } from "./task-result.ts";
import type { CancelAnswer, TaskResultPage, TaskTransport } from "./task-transport.ts";

const isoDate = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});
const t = initTasks.create({ queues: ["default", "emails"] });
const tasks = t.router({
  sendEmail: t.task
    .input(z.object({ to: z.email(), body: z.string().default("") }))
    .output(z.object({ messageId: z.string(), at: isoDate })),
  tick: t.task,
  maybe: t.task.input(z.object({ a: z.int() }).optional()),
  billing: t.router({ invoice: t.task.input(z.object({ orderId: z.int(), due: isoDate })).output(z.int()) }),
});
interface Mail {
  to: string;
  body?: string | undefined;
}
interface Sent {
  messageId: string;
  at: Date;
}
type Queue = "default" | "emails";

declare const transport: TaskTransport;
const client = taskClient<typeof tasks>(transport);
const { sendEmail, tick, maybe, billing } = client.tasks;
const mail = { to: "ada@example.com" };

expectTypeOf(client).toEqualTypeOf<TaskClient<typeof tasks>>();
expectTypeOf(client.tasks).toEqualTypeOf<TaskCallers<(typeof tasks)["~router"]>>();
expectTypeOf(sendEmail).toEqualTypeOf<TaskCaller<Mail, Sent, Queue>>();
expectTypeOf(billing).toEqualTypeOf<{
  readonly invoice: TaskCaller<{ orderId: number; due: string }, number, Queue>;
}>();
expectTypeOf(sendEmail.delay).toEqualTypeOf<TaskCaller<Mail, Sent>["delay"]>();

// --- Outputs as they are stored, where an edge cannot carry what handlers return ---

const stored = taskClient<typeof tasks, "encoded">(transport);
expectTypeOf(stored.tasks.sendEmail).toEqualTypeOf<
  TaskCaller<Mail, { messageId: string; at: string }, Queue>
>();
expectTypeOf(stored.tasks).toEqualTypeOf<TaskCallers<(typeof tasks)["~router"], "encoded">>();
expectTypeOf<OutputForm>().toEqualTypeOf<"output" | "encoded">();
// @ts-expect-error -- no such form
export type Parsed = TaskClient<typeof tasks, "parsed">;

// --- delay ---

expectTypeOf(sendEmail.delay).parameters.toEqualTypeOf<[input: Mail]>();
expectTypeOf(sendEmail.delay(mail)).resolves.toEqualTypeOf<AsyncResult<Sent, Mail>>();
expectTypeOf(tick.delay).parameters.toEqualTypeOf<[]>();
expectTypeOf(tick.delay()).resolves.toEqualTypeOf<AsyncResult<void, void>>();
expectTypeOf(maybe.delay).parameters.toEqualTypeOf<[input?: { a: number } | undefined]>();
maybe.delay();
maybe.delay({ a: 1 });
// Callers pass what is stored, not what the handler gets.
billing.invoice.delay({ orderId: 1, due: "2030-01-01T00:00:00Z" });
// @ts-expect-error -- the handler's form
billing.invoice.delay({ orderId: 1, due: new Date() });
// @ts-expect-error -- it takes an input
sendEmail.delay();
// @ts-expect-error -- a wrong one
sendEmail.delay({ to: 1 });
// @ts-expect-error -- an unknown property
sendEmail.delay({ to: "", bodi: "" });
// @ts-expect-error -- a missing property
sendEmail.delay({ body: "" });
// @ts-expect-error -- it takes no input
tick.delay({});
// @ts-expect-error -- delay takes no options
sendEmail.delay(mail, { priority: 1 });
// @ts-expect-error -- no such task
client.tasks.sendMail;
// @ts-expect-error -- a router cannot be called
billing.delay({});
// @ts-expect-error -- the client has tasks and results
client.sendEmail;

// --- applyAsync and enqueue ---

expectTypeOf(sendEmail.applyAsync).toEqualTypeOf(sendEmail.enqueue);
expectTypeOf(sendEmail.enqueue(mail)).resolves.toEqualTypeOf<AsyncResult<Sent, Mail>>();
sendEmail.enqueue(mail, { countdown: "5m", queue: "emails", priority: 20, maxRetries: 1, tags: ["a"] });
sendEmail.applyAsync(mail, { runAfter: new Date() });
tick.enqueue();
tick.enqueue(undefined, { countdown: 5 });
maybe.enqueue(undefined, { countdown: 5 });
maybe.applyAsync({ a: 1 }, {});
// @ts-expect-error -- the contract has no such queue
sendEmail.enqueue(mail, { queue: "mails" });
// @ts-expect-error -- an unknown option
sendEmail.applyAsync(mail, { delay: "5m" });
// @ts-expect-error -- two times
sendEmail.applyAsync(mail, { countdown: 1, eta: new Date() });
// @ts-expect-error -- the wrong type
sendEmail.enqueue(mail, { priority: "20" });
// @ts-expect-error -- a label belongs to the task
sendEmail.enqueue(mail, { label: "Mail" });
// @ts-expect-error -- options come after the input
tick.enqueue({ countdown: 5 });

// --- using ---

const urgent = sendEmail.using({ priority: 100 });
expectTypeOf(urgent).toEqualTypeOf(sendEmail);
urgent.using({ queue: "emails" }).delay(mail);
// @ts-expect-error -- an unknown option
sendEmail.using({ prio: 100 });
// @ts-expect-error -- the contract has no such queue
urgent.using({ queue: "mails" });
// @ts-expect-error -- it takes options
sendEmail.using();

// --- enqueueMany ---

expectTypeOf(sendEmail.enqueueMany([mail])).resolves.toEqualTypeOf<readonly AsyncResult<Sent, Mail>[]>();
sendEmail.enqueueMany([], { queue: "emails" });
tick.enqueueMany([undefined, undefined]);
// @ts-expect-error -- it takes a list
sendEmail.enqueueMany(mail);
// @ts-expect-error -- of right inputs
sendEmail.enqueueMany([mail, {}]);
sendEmail.enqueueMany([mail], { deduplicated: true, countdown: 5 });
// @ts-expect-error -- under one id only the first would be stored
sendEmail.enqueueMany([mail, mail], { deduplicationId: "a" });
// @ts-expect-error -- one set of options serves all
sendEmail.enqueueMany([mail], [{ priority: 1 }]);

// --- A caller as a parameter ---

declare const defaultOnly: TaskCaller<Mail, Sent, "default">;
declare const needsBody: TaskCaller<{ to: string; body: string }, Sent>;
declare const countsMails: TaskCaller<Mail, number>;
declare function remind(caller: TaskCaller<Mail, Sent>): void;
declare function remindAt(caller: TaskCaller<Mail, Sent, "emails">): void;
declare function greet(caller: TaskCaller<{ to: string }, Sent>): void;
remind(sendEmail);
remindAt(sendEmail);
// @ts-expect-error -- it may name a queue that the contract does not have
remindAt(defaultOnly);
// @ts-expect-error -- the task needs more than it would be given
greet(needsBody);
// @ts-expect-error -- it gives another output
remind(countsMails);

// --- result ---

expectTypeOf(sendEmail.result("1")).toEqualTypeOf<AsyncResult<Sent, Mail>>();
expectTypeOf(billing.invoice.result("1").get()).resolves.toEqualTypeOf<number>();
// @ts-expect-error -- ids are text
sendEmail.result(1);

// --- results ---

expectTypeOf(client.results).toEqualTypeOf<ResultsClient>();
expectTypeOf(client.results.get("1")).resolves.toEqualTypeOf<TaskResult>();
expectTypeOf(client.results.list()).resolves.toEqualTypeOf<TaskResultPage>();
expectTypeOf(client.results.cancel("1", { backend: "bulk" })).resolves.toEqualTypeOf<CancelAnswer>();
client.results.list({ status: "FAILED", limit: 10 });
// @ts-expect-error -- no such state
client.results.list({ status: "DONE" });
// @ts-expect-error -- an unknown option
client.results.get("1", { queue: "emails" });

// --- Only a router's type makes a client ---

// @ts-expect-error -- a task is no router
taskClient<typeof tasks.tick>(transport);
// @ts-expect-error -- a client needs its router
export const untyped: TaskClient = client;
