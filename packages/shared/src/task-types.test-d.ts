import { expectTypeOf } from "vitest";
import * as z from "zod";
import { initTasks } from "./init-tasks.ts";
import type { ReservedName } from "./task-path.ts";
import type {
  AnyRouter,
  AnyTask,
  CheckedNames,
  InvalidName,
  RouterRecord,
  Task,
  TaskInput,
  TaskOutput,
  TaskPath,
  TaskRouter,
  TaskTypes,
} from "./task-types.ts";

const t = initTasks.create();
const sendEmail = t.task.input(z.object({ to: z.string().trim() })).output(z.object({ id: z.int() }));
const tasks = t.router({
  sendEmail,
  tick: t.task,
  a: t.router({ one: t.task, b: t.router({ two: sendEmail }) }),
});
type Tasks = typeof tasks;

expectTypeOf<TaskInput<typeof sendEmail>>().toEqualTypeOf<{ to: string }>();
expectTypeOf<TaskOutput<typeof sendEmail>>().toEqualTypeOf<{ id: number }>();
expectTypeOf<TaskInput<Tasks["a"]["b"]["two"]>>().toEqualTypeOf<{ to: string }>();
expectTypeOf<TaskInput<Tasks["tick"]>>().toEqualTypeOf<void>();
expectTypeOf<TaskOutput<Tasks["tick"]>>().toEqualTypeOf<void>();
// @ts-expect-error -- a router takes no input
export type RouterInput = TaskInput<Tasks["a"]>;

expectTypeOf<TaskPath<Tasks>>().toEqualTypeOf<"sendEmail" | "tick" | "a.one" | "a.b.two">();
expectTypeOf<TaskPath<Tasks["a"]>>().toEqualTypeOf<"one" | "b.two">();
expectTypeOf<TaskPath<typeof sendEmail>>().toEqualTypeOf<never>();

expectTypeOf(sendEmail).toExtend<AnyTask>();
expectTypeOf(sendEmail).toExtend<
  Task<{ to: string }, { to: string }, { id: number }, { id: number }, "default">
>();
expectTypeOf(sendEmail["~types"]).toEqualTypeOf<
  TaskTypes<{ to: string }, { to: string }, { id: number }, { id: number }, "default">
>();
expectTypeOf(tasks).toExtend<AnyRouter>();
expectTypeOf(tasks["~router"]).toExtend<RouterRecord>();
expectTypeOf<TaskRouter<{ tick: typeof t.task }>["tick"]>().toEqualTypeOf(t.task);
expectTypeOf(sendEmail).not.toExtend<AnyRouter>();
expectTypeOf(tasks).not.toExtend<AnyTask>();

expectTypeOf<CheckedNames<"a" | "b">>().toEqualTypeOf<unknown>();
expectTypeOf<CheckedNames<never>>().toEqualTypeOf<unknown>();
// A record whose names are not known is checked at run time alone.
expectTypeOf<CheckedNames<string>>().toEqualTypeOf<unknown>();
// Only the names that cannot stand are spoken of.
expectTypeOf<CheckedNames<"ok" | "delay" | "a.b">>().toEqualTypeOf<{
  readonly delay: InvalidName<'"delay" is a reserved name: call it something else'>;
  readonly "a.b": InvalidName<'"a.b" has a dot: put a t.router({ … }) inside a router instead'>;
}>();
expectTypeOf<keyof CheckedNames<ReservedName>>().toEqualTypeOf<ReservedName>();
