import superjson from "superjson";
import { expectTypeOf } from "vitest";
import * as z from "zod";
import type { Transformer } from "./codec.ts";
import { type InitOptions, type InitTasks, initTasks, type TaskContract } from "./init-tasks.ts";
import type { TaskRouter } from "./task-types.ts";

expectTypeOf(initTasks).toEqualTypeOf<InitTasks>();

// --- Queues ---

expectTypeOf(initTasks.create()).toEqualTypeOf<TaskContract<"json", "default">>();
expectTypeOf(initTasks.create({})).toEqualTypeOf<TaskContract<"json", "default">>();
expectTypeOf(initTasks.create({ queues: ["a", "b"] })).toEqualTypeOf<TaskContract<"json", "a" | "b">>();
expectTypeOf(initTasks.create({ queues: ["a"] as const })).toEqualTypeOf<TaskContract<"json", "a">>();
// An empty list and one whose names are not known allow any.
expectTypeOf(initTasks.create({ queues: [] })).toEqualTypeOf<TaskContract<"json", string>>();
declare const names: readonly string[];
expectTypeOf(initTasks.create({ queues: names })).toEqualTypeOf<TaskContract<"json", string>>();

// --- Transformer ---

expectTypeOf(initTasks.create({ transformer: superjson })).toEqualTypeOf<
  TaskContract<"transformer", "default">
>();
expectTypeOf(initTasks.create({ transformer: superjson, queues: ["a"] })).toEqualTypeOf<
  TaskContract<"transformer", "a">
>();
declare const maybe: Transformer | undefined;
// What may have no transformer has plain JSON to fear; written out, as this package's own users may not say undefined.
expectTypeOf(initTasks.create<"default", typeof maybe>()).toEqualTypeOf<TaskContract<"json", "default">>();

// --- Defaults ---

initTasks.create({ queues: ["a"], defaults: { queue: "a", maxRetries: 1, timeout: "5m", lease: "2m" } });
initTasks.create({ queues: [], defaults: { queue: "anything" } });
// @ts-expect-error -- the contract has no such queue
initTasks.create({ queues: ["a"], defaults: { queue: "b" } });
// @ts-expect-error -- nor has this one, with "default" alone
initTasks.create({ defaults: { queue: "a" } });
// @ts-expect-error -- an unknown option
initTasks.create({ defaults: { maxRetrys: 1 } });
// @ts-expect-error -- two tasks of one id would be one
initTasks.create({ defaults: { deduplicationId: "id" } });
// @ts-expect-error -- a label names one task
initTasks.create({ defaults: { label: "Label" } });
// @ts-expect-error -- an unknown option
initTasks.create({ queue: ["a"] });
// @ts-expect-error -- names are text
initTasks.create({ queues: [1] });
// @ts-expect-error -- a transformer writes and reads
initTasks.create({ transformer: { serialize: (value: unknown) => value } });

expectTypeOf<InitOptions["queues"]>().toEqualTypeOf<readonly string[] | undefined>();

// --- Routers ---

const t = initTasks.create({ queues: ["default", "emails"] });
const inner = t.router({ deep: t.task, deeper: t.router({ deepest: t.task }) });
const tasks = t.router({ tick: t.task, inner });

expectTypeOf(tasks).toEqualTypeOf<TaskRouter<{ tick: typeof t.task; inner: typeof inner }>>();
expectTypeOf(tasks.inner.deeper.deepest).toEqualTypeOf(t.task);
expectTypeOf(tasks["~router"].inner["~router"].deep).toEqualTypeOf(t.task);

t.router({});
t.router({ send_email: t.task, "send-email": t.task, _: t.task, $skip: t.task });
// @ts-expect-error -- neither a task nor a router
t.router({ number: 1 });
// @ts-expect-error -- a schema is no task
t.router({ schema: z.object({}) });
// @ts-expect-error -- a plain object is no router
t.router({ plain: { tick: t.task } });
// @ts-expect-error -- no such task
tasks.tock;
// @ts-expect-error -- a router does not change
tasks.tick = t.task;

// @ts-expect-error -- awaiting a client would call it
t.router({ then: t.task });
// @ts-expect-error -- reserved
t.router({ catch: t.task });
// @ts-expect-error -- reserved
t.router({ finally: t.task });
// @ts-expect-error -- reserved
t.router({ call: t.task });
// @ts-expect-error -- reserved
t.router({ apply: t.task });
// @ts-expect-error -- reserved
t.router({ bind: t.task });
// @ts-expect-error -- reserved
t.router({ delay: t.task });
// @ts-expect-error -- reserved
t.router({ applyAsync: t.task });
// @ts-expect-error -- reserved
t.router({ enqueue: t.task });
// @ts-expect-error -- reserved
t.router({ enqueueMany: t.task });
// @ts-expect-error -- reserved
t.router({ using: t.task });
// @ts-expect-error -- reserved
t.router({ result: t.task });
// @ts-expect-error -- reserved
t.router({ schedule: t.task });
// @ts-expect-error -- reserved
t.router({ use: t.task });
// @ts-expect-error -- reserved
t.router({ context: t.task });
// @ts-expect-error -- reserved
t.router({ toJSON: t.task });
// @ts-expect-error -- reserved
t.router({ toString: t.task });
// @ts-expect-error -- reserved
t.router({ valueOf: t.task });
// @ts-expect-error -- reserved
t.router({ constructor: t.task });
// @ts-expect-error -- reserved
t.router({ prototype: t.task });
// @ts-expect-error -- reserved
t.router({ ["__proto__"]: t.task });
// @ts-expect-error -- reserved for routers, too
t.router({ delay: inner });
// @ts-expect-error -- and at every level
t.router({ outer: t.router({ delay: t.task }) });
// @ts-expect-error -- a dot divides the names of a path
t.router({ "a.b": t.task });
// @ts-expect-error -- a space has no place in a name
t.router({ "a b": t.task });
// @ts-expect-error -- a task has a name
t.router({ "": t.task });
