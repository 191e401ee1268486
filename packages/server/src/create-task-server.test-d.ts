import { initTasks, type TaskClient } from "@taskwright/shared";
import { expectTypeOf } from "vitest";
import * as z from "zod";
import type { Backend } from "./backend/index.ts";
import type { Capabilities } from "./core/capabilities.ts";
import type { ContextRequest } from "./core/engine.ts";
import type { Executor } from "./core/executor.ts";
import type { Handlers, HandlersOnly } from "./core/handler-types.ts";
import type { Host } from "./core/host.ts";
import { implement } from "./core/implement.ts";
import type { Logger } from "./core/logger.ts";
import type { TaskRunners } from "./core/run-inline.ts";
import type { ServerTaskClient } from "./core/server-task-client.ts";
import type { TaskEvents } from "./core/task-events.ts";
import type { Tracing } from "./core/tracing.ts";
import {
  type AnyTaskServer,
  type BackendOptions,
  type CommonOptions,
  createTaskClient,
  createTaskServer,
  type DirectTaskClient,
  type HandlersFor,
  type NamedBackends,
  type OneBackend,
  type OnlyPath,
  type ServerOptions,
  type TaskServer,
} from "./create-task-server.ts";

const t = initTasks.create();
const tasks = t.router({
  send: t.task.input(z.object({ to: z.string() })).output(z.object({ id: z.string() })),
  tick: t.task,
  inner: t.router({ deep: t.task, deeper: t.router({ deepest: t.task }) }),
});
type Tasks = typeof tasks;
declare const backend: Backend;
declare const host: Host;

const h = implement(tasks).context<{ user: string }>();
const send = h.send.handler(({ input, ctx }) => ({ id: input.to + ctx.user }));
const tick = () => {};
const inner = { deep: tick, deeper: { deepest: tick } };
const handlers = { send, tick, inner };
const createContext = async ({ id }: ContextRequest) => ({ user: id });

// --- A server ---

const server = createTaskServer({
  tasks,
  backend,
  createContext,
  handlers,
  onFailed: ({ result, error }) => `${result.path}: ${error.message}`,
  logger: console,
  maxPayloadBytes: 1_000,
  host,
});
expectTypeOf(server).toEqualTypeOf<TaskServer<Tasks>>();
expectTypeOf(server.tasks).toEqualTypeOf(tasks);
expectTypeOf(server.client).toEqualTypeOf<ServerTaskClient<Tasks>>();
expectTypeOf(server.run).toEqualTypeOf<TaskRunners<Tasks["~router"]>>();
expectTypeOf(server.executor).toEqualTypeOf<Executor>();
expectTypeOf(server.events).toEqualTypeOf<TaskEvents>();
expectTypeOf(server.capabilities).toEqualTypeOf<Readonly<Record<string, Capabilities>>>();
expectTypeOf(server).toExtend<AsyncDisposable>();
expectTypeOf(server).toExtend<AnyTaskServer>();
expectTypeOf<CommonOptions["logger"]>().toEqualTypeOf<Logger | false | undefined>();
expectTypeOf<CommonOptions["tracing"]>().toEqualTypeOf<Tracing | undefined>();
createTaskServer({ tasks, backend, createContext, handlers, logger: false });
// @ts-expect-error -- false is silence; true would say nothing of where to
createTaskServer({ tasks, backend, createContext, handlers, logger: true });
expectTypeOf<ServerOptions<Tasks, { user: string }>["tasks"]>().toEqualTypeOf<Tasks>();

// Plain functions know the context that createContext makes.
createTaskServer({
  tasks,
  backend,
  createContext: () => ({ tenant: "a" }),
  handlers: { send: ({ input, ctx }) => ({ id: input.to + ctx.tenant }), tick, inner },
});
// Without createContext it is an empty object.
createTaskServer({ tasks, backend, handlers: { send: () => ({ id: "1" }), tick, inner } });
// More context than a handler needs is fine.
createTaskServer({ tasks, backend, createContext: () => ({ user: "a", tenant: "b" }), handlers });

// @ts-expect-error -- a handler is missing
createTaskServer({ tasks, backend, createContext, handlers: { send, tick } });
const shallow = { deep: tick, deeper: {} };
// @ts-expect-error -- one deep down is missing
createTaskServer({ tasks, backend, createContext, handlers: { send, tick, inner: shallow } });
// @ts-expect-error -- all are missing
createTaskServer({ tasks, backend, createContext });
// @ts-expect-error -- no task has this name
createTaskServer({ tasks, backend, createContext, handlers: { ...handlers, tock: tick, send, tick, inner } });
// @ts-expect-error -- a wrong output
createTaskServer({ tasks, backend, handlers: { send: () => ({ id: 1 }), tick, inner } });
// @ts-expect-error -- a handler of another task
createTaskServer({ tasks, backend, createContext, handlers: { send, tick: send, inner } });
// @ts-expect-error -- the context has no user
createTaskServer({ tasks, backend, createContext: () => ({ tenant: "a" }), handlers });
// @ts-expect-error -- nothing makes a context
createTaskServer({ tasks, backend, handlers });
// @ts-expect-error -- a context is an object
createTaskServer({ tasks, backend, createContext: () => "ada", handlers });
// @ts-expect-error -- an unknown option
createTaskServer({ tasks, backend, createContext, handlers, handler: send });
// @ts-expect-error -- bytes are counted
createTaskServer({ tasks, backend, createContext, handlers, maxPayloadBytes: "1 MB" });
// @ts-expect-error -- a contract is a router
createTaskServer({ tasks: { tick: t.task }, backend, handlers: { tick } });
// @ts-expect-error -- one task of another's server
export const other: TaskServer<Tasks["inner"]> = server;

// --- Backends ---

expectTypeOf<BackendOptions>().toEqualTypeOf<NamedBackends | OneBackend>();
createTaskServer({ tasks, backends: { default: backend, bulk: backend }, createContext, handlers });
// @ts-expect-error -- one of them is the default
createTaskServer({ tasks, backends: { bulk: backend }, createContext, handlers });
// @ts-expect-error -- none
createTaskServer({ tasks, createContext, handlers });
// @ts-expect-error -- both
createTaskServer({ tasks, backend, backends: { default: backend }, createContext, handlers });
// @ts-expect-error -- a name is no backend
createTaskServer({ tasks, backend: "sqlite", createContext, handlers });
// @ts-expect-error -- nor is the function that makes one
createTaskServer({ tasks, backends: { default: () => backend }, createContext, handlers });

// --- only ---

expectTypeOf<OnlyPath<Tasks>>().toEqualTypeOf<
  "send" | "tick" | "inner" | "inner.deep" | "inner.deeper" | "inner.deeper.deepest"
>();
type Context = { user: string };
expectTypeOf<HandlersFor<Tasks, Context, never>>().toEqualTypeOf<
  Handlers<Tasks["~router"], Context, Tasks>
>();
expectTypeOf<HandlersFor<Tasks, Context, "tick">>().toEqualTypeOf<
  HandlersOnly<Tasks["~router"], Context, Tasks, "tick">
>();
createTaskServer({ tasks, backend, only: ["tick"], handlers: { tick } });
createTaskServer({ tasks, backend, only: ["inner"], handlers: { inner } });
createTaskServer({
  tasks,
  backend,
  only: ["inner.deeper", "tick"],
  handlers: { tick, inner: { deeper: { deepest: tick } } },
});
createTaskServer({ tasks, backend, only: ["send"], createContext, handlers: { send } });
// Its client enqueues all the same.
expectTypeOf(createTaskServer({ tasks, backend, only: ["tick"], handlers: { tick } }).client).toEqualTypeOf<
  ServerTaskClient<Tasks>
>();
// @ts-expect-error -- a handler is missing
createTaskServer({ tasks, backend, only: ["tick", "inner"], handlers: { tick } });
// @ts-expect-error -- one too many
createTaskServer({ tasks, backend, only: ["tick"], handlers: { tick, inner } });
// @ts-expect-error -- no task or router has this path
createTaskServer({ tasks, backend, only: ["tock"], handlers: {} });
// @ts-expect-error -- a path begins at the root
createTaskServer({ tasks, backend, only: ["deep"], handlers: {} });
// @ts-expect-error -- a list
createTaskServer({ tasks, backend, only: "tick", handlers: { tick } });

// --- A direct client ---

const client = createTaskClient(tasks, { backend, logger: console });
expectTypeOf(client).toEqualTypeOf<DirectTaskClient<Tasks>>();
expectTypeOf(client).toExtend<TaskClient<Tasks>>();
expectTypeOf(client).toExtend<AsyncDisposable>();
expectTypeOf(client.tasks.send.result("1").get()).resolves.toEqualTypeOf<{ id: string }>();
createTaskClient(tasks, { backends: { default: backend } });
// @ts-expect-error -- it needs a backend
createTaskClient(tasks, {});
// @ts-expect-error -- both
createTaskClient(tasks, { backend, backends: { default: backend } });
// @ts-expect-error -- a client has no handlers
createTaskClient(tasks, { backend, handlers });
// @ts-expect-error -- a transport is for the client of the other package
createTaskClient<Tasks>({ transport: {} });
// @ts-expect-error -- it needs the contract
createTaskClient({ backend });
