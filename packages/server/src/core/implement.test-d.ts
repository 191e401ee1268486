import { initTasks } from "@taskwright/shared";
import { expectTypeOf } from "vitest";
import * as z from "zod";
import type { TaskHandler } from "./handler-types.ts";
import {
  type HandlerBuilder,
  type HandlerBuilders,
  type Implementer,
  type ImplementerSteps,
  implement,
} from "./implement.ts";

const t = initTasks.create();
const tasks = t.router({
  send: t.task
    .input(z.object({ to: z.string(), n: z.int().default(1) }))
    .output(z.object({ id: z.string() })),
  tick: t.task,
  inner: t.router({ deep: t.task.input(z.string()) }),
});
type Tasks = typeof tasks;

const bare = implement(tasks);
expectTypeOf(bare).toEqualTypeOf<Implementer<object, object, Tasks>>();
const h = bare.context<{ user: string }>();
expectTypeOf(h).toEqualTypeOf<Implementer<{ user: string }, { user: string }, Tasks>>();
expectTypeOf(h).toExtend<ImplementerSteps<{ user: string }, { user: string }, Tasks>>();
expectTypeOf(h.send).toEqualTypeOf<
  HandlerBuilder<Tasks["send"], { user: string }, { user: string }, Tasks>
>();
expectTypeOf(h.inner).toEqualTypeOf<
  HandlerBuilders<Tasks["inner"]["~router"], { user: string }, { user: string }, Tasks>
>();

// --- Handlers ---

const send = h.send.handler(async ({ input, ctx, client }) => {
  expectTypeOf(input).toEqualTypeOf<{ to: string; n: number }>();
  expectTypeOf(ctx).toEqualTypeOf<{ user: string }>();
  await client.tasks.inner.deep.delay("a");
  return { id: input.to };
});
expectTypeOf(send).toEqualTypeOf<TaskHandler<{ to: string; n: number }, { id: string }, { user: string }>>();
h.send.handler(() => ({ id: "1" }), {
  onFailed: ({ result, error }) => {
    // What was enqueued: before defaults.
    expectTypeOf(result.input).toEqualTypeOf<{ to: string; n?: number | undefined }>();
    expectTypeOf(error.message).toEqualTypeOf<string>();
  },
});
bare.tick.handler(({ ctx }) => void expectTypeOf(ctx).toEqualTypeOf<object>());

// @ts-expect-error -- a wrong output
h.send.handler(() => ({ id: 1 }));
// @ts-expect-error -- no output
h.send.handler(() => {});
// @ts-expect-error -- a missing property
h.send.handler(async () => ({}));
// @ts-expect-error -- not in the input
h.send.handler(({ input }) => ({ id: input.cc }));
// @ts-expect-error -- not in the context
h.send.handler(({ ctx }) => ({ id: ctx.tenant }));
// @ts-expect-error -- an unknown option
h.send.handler(() => ({ id: "1" }), { onFail: () => {} });
// @ts-expect-error -- a handler is a function
h.send.handler({ id: "1" });
// @ts-expect-error -- no such task
h.sned.handler(() => {});
// @ts-expect-error -- a router has no handler
h.inner.handler(() => {});
// @ts-expect-error -- a contract is a router
implement({ send: tasks.send });

// --- Middleware adds up, from the outside in, and does not change what createContext has to make ---

const timed = h.use(async ({ ctx, next }) => {
  expectTypeOf(ctx).toEqualTypeOf<{ user: string }>();
  return next({ ctx: { startedAt: new Date() } });
});
const full = timed.use(async ({ ctx, next }) => {
  expectTypeOf(ctx.startedAt).toEqualTypeOf<Date>();
  return next({ ctx: { tenant: ctx.user } });
});
expectTypeOf(full).toEqualTypeOf<
  Implementer<{ user: string }, { user: string } & { startedAt: Date } & { tenant: string }, Tasks>
>();
expectTypeOf(
  full.tick.handler(({ ctx }) => {
    expectTypeOf(ctx.tenant).toEqualTypeOf<string>();
    expectTypeOf(ctx.user).toEqualTypeOf<string>();
  }),
).toEqualTypeOf<TaskHandler<void, void, { user: string }>>();
// One that only looks adds nothing.
expectTypeOf(h.use(async ({ next }) => next()).send.handler(() => ({ id: "1" }))).toEqualTypeOf(send);
// For one task alone.
h.inner.deep
  .use(async ({ next }) => next({ ctx: { lock: "a" } }))
  .handler(({ ctx, input }) => void (ctx.lock + ctx.user + input));

// @ts-expect-error -- for that task alone
h.inner.deep.handler(({ ctx }) => void ctx.lock);
// @ts-expect-error -- it returns what next() gave
h.use(async ({ next }) => void (await next()));
// @ts-expect-error -- a context is an object
h.use(async ({ next }) => next({ ctx: "a" }));
// @ts-expect-error -- what it needs comes only later
h.use(async ({ ctx, next }) => next({ ctx: { of: ctx.startedAt } }));
// @ts-expect-error -- middleware is asynchronous
h.use(({ ctx }) => ctx);
// @ts-expect-error -- a context is an object
bare.context<string>();
