import { initTasks } from "@taskwright/shared";
import { expectTypeOf } from "vitest";
import * as z from "zod";
import type { TaskRunners } from "./run-inline.ts";

const t = initTasks.create();
const tasks = t.router({
  send: t.task.input(z.object({ to: z.string().transform(Number) })).output(z.int()),
  tick: t.task,
  maybe: t.task.input(z.string().optional()),
  anything: t.task.input(z.any()),
  inner: t.router({ deep: t.task.output(z.string()) }),
});
declare const run: TaskRunners<(typeof tasks)["~router"]>;

expectTypeOf(run.send).toEqualTypeOf<(input: { to: string }) => Promise<number>>();
expectTypeOf(run.tick).toEqualTypeOf<() => Promise<void>>();
expectTypeOf(run.maybe).toEqualTypeOf<(input?: string) => Promise<void>>();
expectTypeOf(run.inner.deep()).resolves.toEqualTypeOf<string>();
void run.anything({ whatever: 1 });
// @ts-expect-error -- any value, but one
void run.anything();
// @ts-expect-error -- it takes an input
void run.send();
// @ts-expect-error -- in the form that callers pass
void run.send({ to: 1 });
// @ts-expect-error -- it takes none
void run.tick(1);
// @ts-expect-error -- no such task
void run.inner.shallow();
