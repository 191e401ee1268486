import { expectTypeOf } from "vitest";
import * as z from "zod";
import { initTasks } from "./init-tasks.ts";
import type { InputArguments } from "./input-arguments.ts";
import { taskClient } from "./task-client.ts";
import type { TaskTransport } from "./task-transport.ts";

interface Mail {
  readonly to: string;
}
type Options = [options?: { readonly priority: number }];

expectTypeOf<InputArguments<Mail>>().toEqualTypeOf<[input: Mail]>();
expectTypeOf<InputArguments<Mail, Options>>().toEqualTypeOf<[input: Mail, ...Options]>();
expectTypeOf<InputArguments<Mail | undefined>>().toEqualTypeOf<[input?: Mail | undefined]>();
expectTypeOf<InputArguments<Mail | undefined, Options>>().toEqualTypeOf<
  [input?: Mail | undefined, ...Options]
>();
expectTypeOf<InputArguments<unknown>>().toEqualTypeOf<[input?: unknown]>();
expectTypeOf<InputArguments<null>>().toEqualTypeOf<[input: null]>();
expectTypeOf<InputArguments<void>>().toEqualTypeOf<[]>();
expectTypeOf<InputArguments<undefined>>().toEqualTypeOf<[]>();
expectTypeOf<InputArguments<void, Options>>().toEqualTypeOf<[input?: undefined, ...Options]>();

// biome-ignore lint/suspicious/noExplicitAny: what z.any() takes
type Any = any;
expectTypeOf<InputArguments<Any>>().toEqualTypeOf<[input: Any]>();
expectTypeOf<InputArguments<Any, Options>>().toEqualTypeOf<[input: Any, ...Options]>();
expectTypeOf<InputArguments<never>>().toEqualTypeOf<[input: never]>();
expectTypeOf<InputArguments<never, Options>>().toEqualTypeOf<[input: never, ...Options]>();

const t = initTasks.create();
const tasks = t.router({
  anything: t.task.input(z.any()),
  nothing: t.task.input(z.never()),
});
declare const transport: TaskTransport;
const { anything, nothing } = taskClient<typeof tasks>(transport).tasks;

anything.delay({ whatever: 1 });
anything.enqueue(5, { priority: 1 });
anything.applyAsync("a");
anything.using({ priority: 1 }).delay(null);
anything.enqueueMany([1, "a"]);
// @ts-expect-error -- the task has an input
anything.delay();
// @ts-expect-error -- the task has an input
anything.enqueue();
// @ts-expect-error -- no input fits
nothing.delay();
// @ts-expect-error -- no input fits
nothing.delay(1);
