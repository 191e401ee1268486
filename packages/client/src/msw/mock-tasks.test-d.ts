import { type Duration, initTasks } from "@taskwright/shared";
import type { HttpHandler } from "msw";
import superjson from "superjson";
import { expectTypeOf } from "vitest";
import * as z from "zod";
import {
  type MockEnqueue,
  type MockedAnswerOptions,
  type MockedTaskOf,
  type MockTasksOptions,
  mockTasks,
  type NextEnqueuedOptions,
  type TaskMock,
  type TaskMocks,
  type TaskMocksOf,
} from "./mock-tasks.ts";
import type { MockedCall } from "./mocked-enqueues.ts";
import type {
  EnqueueMethod,
  MockedError,
  MockedOptionName,
  MockedOptions,
  MockedRetry,
  MockedTask,
  OutputArguments,
} from "./mocked-task.ts";

const isoDate = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});
const t = initTasks.create();
const tasks = t.router({
  sendEmail: t.task
    .input(z.object({ to: z.email(), body: z.string().default("") }))
    .output(z.object({ messageId: z.string(), at: isoDate })),
  enqueued: t.task,
  billing: t.router({ invoice: t.task.input(z.int()).output(z.string().optional()), enqueued: t.task }),
});
type Record = (typeof tasks)["~router"];
interface Mail {
  to: string;
  body?: string | undefined;
}
interface Sent {
  messageId: string;
  at: string;
}

// --- Without a transformer, outputs are as they are stored ---

const mock = mockTasks<typeof tasks>({ url: "/api/trpc" });
expectTypeOf(mock).toEqualTypeOf<TaskMocks<typeof tasks>>();
expectTypeOf(mock.tasks).toEqualTypeOf<TaskMocksOf<Record, "encoded">>();
expectTypeOf(mock.tasks.sendEmail).toEqualTypeOf<TaskMock<"sendEmail", Mail, Sent>>();
expectTypeOf(mock.tasks.billing.invoice).toEqualTypeOf<
  TaskMock<"billing.invoice", number, string | undefined>
>();
expectTypeOf(mock.handlers).toEqualTypeOf<readonly HttpHandler[]>();
expectTypeOf(mock.reset).toEqualTypeOf<() => void>();
// The contract's value says the same.
expectTypeOf(mockTasks({ url: "/api/trpc", tasks })).toEqualTypeOf(mock);

const { sendEmail, billing } = mock.tasks;
expectTypeOf(sendEmail.enqueued).toEqualTypeOf<readonly MockedTask<"sendEmail", Mail, Sent>[]>();
expectTypeOf(sendEmail.nextEnqueued).toEqualTypeOf<
  (options?: NextEnqueuedOptions) => Promise<MockedTask<"sendEmail", Mail, Sent>>
>();
expectTypeOf<NextEnqueuedOptions>().toEqualTypeOf<{ readonly timeout?: Duration }>();
expectTypeOf(sendEmail.delay).toEqualTypeOf<MockEnqueue<"sendEmail", Mail, Sent>>();
expectTypeOf(sendEmail.enqueueMany).toEqualTypeOf(sendEmail.delay);
expectTypeOf<MockedAnswerOptions>().toEqualTypeOf<{ readonly once?: boolean }>();

sendEmail.delay(({ input, options, method, task }) => {
  expectTypeOf(input).toEqualTypeOf<Mail>();
  expectTypeOf(options).toEqualTypeOf<MockedOptions>();
  expectTypeOf(method).toEqualTypeOf<EnqueueMethod>();
  expectTypeOf(task).toEqualTypeOf<MockedTask<"sendEmail", Mail, Sent>>();
  task.succeed({ messageId: "m-1", at: "2030-01-01T00:00:00Z" });
});
expectTypeOf<MockedCall<"a", 1, 2>["task"]>().toEqualTypeOf<MockedTask<"a", 1, 2>>();
sendEmail.delay(async () => {}, { once: true });
// @ts-expect-error -- a misspelt task
mock.tasks.sendEmial;
// @ts-expect-error -- a function returns nothing: it drives the task
sendEmail.delay(() => ({ messageId: "m-1", at: "" }));
// @ts-expect-error -- no such field of the input
sendEmail.delay(({ input }) => void input.from);
// @ts-expect-error -- a misspelt option
sendEmail.delay(() => {}, { one: true });
// @ts-expect-error -- a number has no unit
sendEmail.nextEnqueued({ timeout: 5 });
// @ts-expect-error -- what was enqueued is not to be changed by a test
sendEmail.enqueued.push(sendEmail.enqueued[0]);

// --- A name that a task's own mock has ---

expectTypeOf(mock.tasks.enqueued).toEqualTypeOf<TaskMock<"enqueued", void, void>>();
// @ts-expect-error -- there it would be the list of what was enqueued
billing.enqueued;

// --- What a test does with a task ---

const [mail] = sendEmail.enqueued;
mail?.succeed({ messageId: "m-1", at: "2030-01-01T00:00:00Z" });
mail?.fail();
mail?.fail(new RangeError("no route"));
mail?.fail({ type: "TIMEOUT", exceptionClass: "SmtpError", message: "refused" });
mail?.retry({ in: "5s", message: "busy" });
expectTypeOf<Parameters<NonNullable<typeof mail>["fail"]>>().toEqualTypeOf<
  [error?: Error | MockedError | undefined]
>();
expectTypeOf<Parameters<NonNullable<typeof mail>["retry"]>>().toEqualTypeOf<
  [options?: MockedRetry | undefined]
>();
// @ts-expect-error -- a Date is for a transformer
mail?.succeed({ messageId: "m-1", at: new Date() });
// @ts-expect-error -- an output is needed
mail?.succeed();
// @ts-expect-error -- no such type of error
mail?.fail({ type: "FAILED" });
// @ts-expect-error -- a number has no unit
mail?.retry({ in: 5 });
expectTypeOf<OutputArguments<void>>().toEqualTypeOf<[]>();
expectTypeOf<OutputArguments<string>>().toEqualTypeOf<[output: string]>();
expectTypeOf<OutputArguments<string | undefined>>().toEqualTypeOf<[output?: string | undefined]>();
expectTypeOf<OutputArguments<unknown>>().toEqualTypeOf<[output?: unknown]>();
// biome-ignore lint/suspicious/noExplicitAny: what it is about
expectTypeOf<OutputArguments<any>>().toEqualTypeOf<[output: any]>();
expectTypeOf<OutputArguments<never>>().toEqualTypeOf<[output: never]>();

// --- All that was enqueued ---

for (const task of mock.enqueued) {
  expectTypeOf(task).toEqualTypeOf<MockedTaskOf<Record, "encoded">>();
  expectTypeOf(task.path).toEqualTypeOf<"sendEmail" | "enqueued" | "billing.invoice" | "billing.enqueued">();
  if (task.path === "billing.invoice") expectTypeOf(task.input).toEqualTypeOf<number>();
}

// --- With a transformer, outputs are as handlers return them ---

const rich = mockTasks<typeof tasks>({ url: "/api/trpc", transformer: superjson });
expectTypeOf(rich).toEqualTypeOf<TaskMocks<typeof tasks, "output">>();
rich.tasks.sendEmail.enqueued[0]?.succeed({ messageId: "m-1", at: new Date() });
// @ts-expect-error -- its text is for plain JSON
rich.tasks.sendEmail.enqueued[0]?.succeed({ messageId: "m-1", at: "2030-01-01T00:00:00Z" });

const other = initTasks.create({ transformer: superjson });
const dated = other.router({ at: other.task.input(z.date()).output(z.date()) });
expectTypeOf(mockTasks<typeof dated>({ url: "/", transformer: superjson }).tasks.at).toEqualTypeOf<
  TaskMock<"at", Date, Date>
>();
// @ts-expect-error -- JSON has no Date
mockTasks<typeof dated>({ url: "/" });

// --- Its options ---

const options: MockTasksOptions<typeof tasks> = {
  url: "http://localhost/api/trpc",
  path: "background",
  tasks,
  allowOptions: ["priority", "countdown"],
};
expectTypeOf(options).toExtend<MockTasksOptions>();
expectTypeOf<
  "priority" | "countdown" | "eta" | "runAfter" | "deduplicationId"
>().toExtend<MockedOptionName>();
// @ts-expect-error -- it needs a url
mockTasks<typeof tasks>({});
// @ts-expect-error -- no option of a call
mockTasks<typeof tasks>({ url: "/", allowOptions: ["lease"] });
// @ts-expect-error -- the value of another contract
mockTasks<typeof tasks>({ url: "/", tasks: dated });
// @ts-expect-error -- a record of tasks is no router
mockTasks<{ tick: typeof t.task }>({ url: "/" });
