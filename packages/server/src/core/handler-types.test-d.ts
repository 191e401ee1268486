import { initTasks } from "@taskwright/shared";
import { expectTypeOf } from "vitest";
import * as z from "zod";
import type { Attempt } from "./attempt.ts";
import type {
  HandlerArguments,
  HandlerFunction,
  HandlerOptions,
  Handlers,
  HandlersOnly,
  Middleware,
  MiddlewareArguments,
  MiddlewareNext,
  MiddlewareResult,
  TaskHandler,
} from "./handler-types.ts";
import type { Logger } from "./logger.ts";
import type { ServerTaskClient } from "./server-task-client.ts";
import type { FailedTask } from "./task-events.ts";

const t = initTasks.create();
const tasks = t.router({
  send: t.task.input(z.object({ at: z.string().transform((text) => new Date(text)) })).output(z.int()),
  tick: t.task,
  inner: t.router({ deep: t.task.input(z.string()), deeper: t.router({ deepest: t.task }) }),
});
type Tasks = typeof tasks;
interface Context {
  user: string;
}
type Arguments = HandlerArguments<{ at: Date }, Context, Tasks>;

// --- What a handler gets ---

expectTypeOf<Arguments["input"]>().toEqualTypeOf<{ at: Date }>();
expectTypeOf<Arguments["ctx"]>().toEqualTypeOf<Context>();
expectTypeOf<Arguments["signal"]>().toEqualTypeOf<AbortSignal>();
expectTypeOf<Arguments["attempt"]>().toEqualTypeOf<Attempt>();
expectTypeOf<Arguments["client"]>().toEqualTypeOf<ServerTaskClient<Tasks>>();
expectTypeOf<Arguments["logger"]>().toEqualTypeOf<Logger>();

// --- What it returns ---

type Send = HandlerFunction<{ at: Date }, Context, number, Tasks>;
const sync: Send = ({ input }) => input.at.getTime();
const asynchronous: Send = async ({ ctx }) => ctx.user.length;
// @ts-expect-error -- a wrong output
const wrong: Send = () => "1";
// @ts-expect-error -- a wrong one, later
const wrongLater: Send = async () => "1";
// @ts-expect-error -- none
const nothing: Send = () => {};
// @ts-expect-error -- the handler gets the parsed form, not the stored one
const stored: Send = ({ input }: { readonly input: { at: string } }) => input.at.length;

export { asynchronous, nothing, stored, sync, wrong, wrongLater };

expectTypeOf<HandlerOptions<{ at: string }>>().toEqualTypeOf<{
  readonly onFailed?: (failed: FailedTask<{ at: string }>) => unknown;
}>();

// --- Handlers of a router ---

declare const built: TaskHandler<{ at: Date }, number, Context>;
type All = Handlers<Tasks["~router"], Context, Tasks>;
const plain: All = {
  send: ({ input, ctx }) => input.at.getTime() + ctx.user.length,
  tick: () => {},
  inner: { deep: ({ input }) => void input.toUpperCase(), deeper: { deepest: async () => {} } },
};
const { tick, inner } = plain;
export const mixed: All = { send: built, tick, inner };
// A handler that needs less context fits as well, and one that needs more does not.
declare const needsNothing: TaskHandler<{ at: Date }, number, object>;
declare const needsMore: TaskHandler<{ at: Date }, number, Context & { tenant: string }>;
export const less: All = { send: needsNothing, tick, inner };
// @ts-expect-error -- the context has no tenant
export const more: All = { send: needsMore, tick, inner };
// @ts-expect-error -- a handler of another task
export const swapped: All = { send: built, tick: built, inner };
// @ts-expect-error -- a handler is missing
export const missing: All = { send: built, inner };
// @ts-expect-error -- one deep down is missing
export const missingDeep: All = { send: built, tick, inner: { deep: () => {}, deeper: {} } };
// @ts-expect-error -- no task has this name
export const extra: All = { send: built, tick, inner, tock: tick };
// @ts-expect-error -- a router has handlers, it is none
export const flat: All = { send: built, tick, inner: () => {} };
// @ts-expect-error -- a task without output gives nothing to store
export const returning: All = { send: built, tick: () => 1, inner };

type Only<TOnly extends string> = HandlersOnly<Tasks["~router"], Context, Tasks, TOnly>;
expectTypeOf<keyof Only<"tick">>().toEqualTypeOf<"tick">();
expectTypeOf<keyof Only<"tick" | "inner.deep">>().toEqualTypeOf<"tick" | "inner">();
expectTypeOf<keyof Only<"inner.deep">["inner"]>().toEqualTypeOf<"deep">();
expectTypeOf<keyof Only<"inner">["inner"]>().toEqualTypeOf<"deep" | "deeper">();
expectTypeOf<keyof Only<"inner.deeper.deepest">["inner"]["deeper"]>().toEqualTypeOf<"deepest">();
expectTypeOf<Only<"send">["send"]>().toEqualTypeOf<All["send"]>();

// --- Middleware ---

const adds: Middleware<Context, { tenant: string }> = async ({ ctx, next }) =>
  next({ ctx: { tenant: ctx.user } });
const passes: Middleware<Context> = async ({ next }) => next();
// @ts-expect-error -- it adds a number
const addsWrong: Middleware<Context, { tenant: string }> = async ({ next }) => next({ ctx: { tenant: 1 } });
// @ts-expect-error -- it returns what next() gave
const swallows: Middleware<Context> = async ({ next }) => void (await next());
// @ts-expect-error -- it cannot give an output of its own
const own: Middleware<Context> = async () => 1;
// @ts-expect-error -- what it needs is not there yet
const needs: Middleware<Context> = async ({ ctx, next }) => next({ ctx: { of: ctx.tenant } });

export { adds, addsWrong, needs, own, passes, swallows };

// Middleware stands before any task, so it does not know the input's type.
expectTypeOf<MiddlewareArguments<Context>["input"]>().toEqualTypeOf<unknown>();
expectTypeOf<MiddlewareArguments<Context>["next"]>().toEqualTypeOf<MiddlewareNext>();
declare const next: MiddlewareNext;
expectTypeOf(next()).resolves.toEqualTypeOf<MiddlewareResult<object>>();
expectTypeOf(next({ ctx: { tenant: "a" } })).resolves.toEqualTypeOf<MiddlewareResult<{ tenant: string }>>();
// @ts-expect-error -- a context is an object
void next({ ctx: 1 });
// @ts-expect-error -- it is given as ctx
void next({ tenant: "a" });
