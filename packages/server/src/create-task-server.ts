import { type AnyRouter, checkOptionNames, TaskError } from "@taskwright/shared";
import type { Backend } from "./backend/index.ts";
import { builtInHandlers } from "./core/built-in-handlers.ts";
import { type Capabilities, capabilitiesOf } from "./core/capabilities.ts";
import { type ContextRequest, Engine } from "./core/engine.ts";
import { createExecutor, type Executor } from "./core/executor.ts";
import { logFailures } from "./core/failure-log.ts";
import { handlerTable } from "./core/handler-table.ts";
import type { Handlers, HandlersOnly } from "./core/handler-types.ts";
import type { Host } from "./core/host.ts";
import { guardedLogger, type Logger, unclaimedLogger } from "./core/logger.ts";
import { RunAtOnce } from "./core/run-at-once.ts";
import { type TaskRunners, taskRunners } from "./core/run-inline.ts";
import { serverClient } from "./core/server-client.ts";
import type { ServerTaskClient } from "./core/server-task-client.ts";
import type { FailedTask, TaskEvents } from "./core/task-events.ts";
import type { Tracing } from "./core/tracing.ts";
import { defaultLogger, silentLogger } from "./default-logger.ts";
import { systemHost } from "./system-host.ts";

/** Several backends of one server. */
export interface NamedBackends<TTransaction = unknown> {
  /** By name; `default` is the one that tasks use which name no other. */
  readonly backends: { readonly default: Backend<TTransaction>; readonly [name: string]: Backend };
  readonly backend?: "give either backend or backends";
}

/** The one backend of a server. */
export interface OneBackend<TTransaction = unknown> {
  /** Keeps all task results. */
  readonly backend: Backend<TTransaction>;
  readonly backends?: "give either backend or backends";
}

/** What every way of making a server or client has in common: where task results are kept. */
export type BackendOptions<TTransaction = unknown> = NamedBackends<TTransaction> | OneBackend<TTransaction>;

/** What servers and direct clients share. */
export interface CommonOptions {
  /**
   * Where messages go; a pino logger and `console` fit, `false` is silence.
   *
   * @default warnings and errors, those of failed attempts among them, as lines on stderr
   */
  readonly logger?: Logger | false;
  /** Makes spans of enqueues and attempts, as `openTelemetry()` of `@taskwright/server/opentelemetry` does. @default none */
  readonly tracing?: Tracing;
  /** The most bytes of one encoded input or output. @default 262144 */
  readonly maxPayloadBytes?: number;
  /** Clock, timers and ids, for tests only: a `HeldHost` of `@taskwright/server/testing`. @default this machine */
  readonly host?: Host;
}

/** What {@link createTaskServer} takes beside backends and handlers. */
export interface ServerOptions<TRouter extends AnyRouter, TContext> extends CommonOptions {
  /** The contract. */
  readonly tasks: TRouter;
  /** Makes the `ctx` of each attempt. @default an empty object */
  readonly createContext?: (request: ContextRequest) => TContext | Promise<TContext>;
  /** Called once for each task result that ends FAILED in this process; what it throws is logged. */
  readonly onFailed?: (failed: FailedTask) => unknown;
}

/** A server of any contract, made by {@link createTaskServer}. */
export interface AnyTaskServer {
  /** What workers and edges are built on; not for users. */
  readonly "~engine": Engine;
}

/** Runs tasks and enqueues them. */
export interface TaskServer<TRouter extends AnyRouter> extends AnyTaskServer {
  readonly tasks: TRouter;
  /** Enqueues straight into the backends. */
  readonly client: ServerTaskClient<TRouter>;
  /** Runs a handler now, in this process, without a backend. */
  readonly run: TaskRunners<TRouter["~router"]>;
  readonly executor: Executor;
  readonly events: TaskEvents;
  /** What each backend can do, by its name. */
  readonly capabilities: Readonly<Record<string, Capabilities>>;
  /** Opens the backends, after a `close()` too; everything else does so at first use. */
  open(): Promise<void>;
  /** Closes the backends; stop workers first. Calls after it reject with CLOSED, until `open()` or the start of a worker. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const SERVER_OPTIONS = [
  "tasks",
  "backend",
  "backends",
  "handlers",
  "only",
  "createContext",
  "onFailed",
  "logger",
  "tracing",
  "maxPayloadBytes",
];
const CLIENT_OPTIONS = ["backend", "backends", "logger", "tracing", "maxPayloadBytes"];

function invalid(message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message });
}

function checkFunction(value: unknown, option: string): void {
  if (value !== undefined && typeof value !== "function")
    throw invalid(`${option} must be a function; got ${typeof value}.`);
}

function checkLogger(logger: unknown): void {
  if (logger === undefined || logger === false) return;
  const given = logger as Partial<Record<string, unknown>> | null;
  const missing = ["debug", "info", "warn", "error"].filter((level) => typeof given?.[level] !== "function");
  if (missing.length > 0)
    throw invalid(
      `logger must have debug, info, warn and error functions, as pino's and console have, or be false for silence; no ${missing.join(", ")}.`,
    );
}

function checkTracing(tracing: unknown): void {
  if (tracing === undefined) return;
  const given = tracing as Partial<Record<keyof Tracing, unknown>> | null;
  if (typeof given?.startEnqueue !== "function" || typeof given.startAttempt !== "function")
    throw invalid(
      `tracing must be what openTelemetry() of @taskwright/server/opentelemetry gives; got ${tracing === null ? "null" : typeof tracing}.`,
    );
}

function checkOptions(options: CommonOptions, valid: readonly string[], what: string): void {
  // For tests, so it is taken and not offered.
  const isHosted = typeof options === "object" && options !== null && "host" in options;
  checkOptionNames(options, what, isHosted ? [...valid, "host"] : valid);
  checkLogger(options.logger);
  checkTracing(options.tracing);
}

/** @param onTaken called when the program that runs a server without a logger takes its messages */
function loggerOf({ logger }: CommonOptions, onTaken: () => void): Logger {
  if (logger === undefined) return unclaimedLogger(defaultLogger, onTaken);
  return logger === false ? silentLogger : guardedLogger(logger, defaultLogger);
}

function backendsOf(options: BackendOptions, what: string): Readonly<Record<string, Backend>> {
  const { backend, backends } = options as Partial<OneBackend & NamedBackends>;
  if ((backend === undefined) === (backends === undefined)) {
    throw invalid(
      `${what} needs either backend or backends, such as backend: sqliteBackend({ file: "taskwright.db" }).`,
    );
  }
  const named = backends ?? { default: backend as Backend };
  if (!Object.hasOwn(named, "default")) throw invalid(`${what}: backends needs one named "default".`);
  for (const [name, given] of Object.entries(named)) {
    if (typeof given?.store?.enqueue !== "function")
      throw invalid(`${what}: the backend "${name}" is no backend.`);
  }
  return named;
}

function maxPayloadBytesOf(options: CommonOptions): { maxPayloadBytes?: number } {
  const { maxPayloadBytes } = options;
  if (maxPayloadBytes === undefined) return {};
  if (!(Number.isInteger(maxPayloadBytes) && maxPayloadBytes > 0))
    throw invalid("maxPayloadBytes must be a positive integer.");
  return { maxPayloadBytes };
}

/** What `only` can name: every task and every router, by path. */
export type OnlyPath<TRouter> = TRouter extends { readonly "~router": infer TRecord }
  ? // Inferred once more, so that the compiler's messages list the paths instead of the name of a type.
    PathsOf<TRecord> extends `${infer TPath}`
    ? TPath
    : never
  : never;

type PathsOf<TRecord> = {
  [K in keyof TRecord & string]: TRecord[K] extends { readonly "~router": infer TInner }
    ? K | `${K}.${PathsOf<TInner>}`
    : K;
}[keyof TRecord & string];

/** Handlers for every task of a router, or for those that `only` names. */
export type HandlersFor<TRouter extends AnyRouter, TContext, TOnly extends string, TTransaction = unknown> = [
  TOnly,
] extends [never]
  ? Handlers<TRouter["~router"], TContext, TRouter, TTransaction>
  : HandlersOnly<TRouter["~router"], TContext, TRouter, TOnly, TTransaction>;

/** Makes a server of a contract and its handlers. */
export function createTaskServer<
  TRouter extends AnyRouter,
  TContext extends object = object,
  const TOnly extends OnlyPath<TRouter> = never,
  TTransaction = unknown,
>(
  options: ServerOptions<TRouter, TContext> &
    BackendOptions<TTransaction> & {
      /** One for each task, nested as the router is. */
      readonly handlers: HandlersFor<TRouter, TContext, TOnly, NoInfer<TTransaction>>;
      /** Run only these tasks and routers, by path, and leave the others to other servers. @default all */
      readonly only?: readonly TOnly[];
    },
): TaskServer<TRouter> {
  checkOptions(options, SERVER_OPTIONS, "createTaskServer()");
  if (typeof options.handlers !== "object" || options.handlers === null)
    throw invalid("createTaskServer() needs handlers: one for each task.");
  checkFunction(options.createContext, "createContext");
  checkFunction(options.onFailed, "onFailed");
  let stopFailureLog = () => {};
  const handlers = handlerTable(options.tasks, options.handlers, options.only);
  const engine: Engine = new Engine({
    router: options.tasks,
    backends: backendsOf(options, "createTaskServer()"),
    // Whatever `only` says, so that any server can do it.
    handlers: new Map([...handlers, ...builtInHandlers(() => engine)]),
    ...(options.createContext === undefined ? {} : { createContext: options.createContext }),
    ...(options.onFailed === undefined ? {} : { onFailed: options.onFailed }),
    ...(options.tracing === undefined ? {} : { tracing: options.tracing }),
    ...maxPayloadBytesOf(options),
    atOnce: new RunAtOnce(() => engine),
    logger: loggerOf(options, () => stopFailureLog()),
    host: options.host ?? systemHost,
  });
  if (options.logger !== false) stopFailureLog = logFailures(engine.events, engine.logger);
  const close = () => engine.close();
  return {
    tasks: options.tasks,
    client: serverClient<TRouter>(engine, null),
    run: taskRunners(engine) as TaskRunners<TRouter["~router"]>,
    executor: createExecutor(engine),
    events: engine.events,
    capabilities: Object.fromEntries(
      [...engine.backends.values()].map((opened) => [opened.name, capabilitiesOf(opened.backend)]),
    ),
    open: () => engine.open(),
    close,
    [Symbol.asyncDispose]: close,
    "~engine": engine,
  };
}

/** A direct client: enqueues and reads, and has no handlers. */
export interface DirectTaskClient<TRouter extends AnyRouter> extends ServerTaskClient<TRouter> {
  /** Closes the backends; calls after it reject with CLOSED. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Not here: that client is the one of `@taskwright/client`. */
export function createTaskClient<_TRouter extends AnyRouter>(
  options: "createTaskClient({ url }) is in @taskwright/client; here it takes (tasks, { backend })",
): never;
/** Makes a client that enqueues straight into the backends, for services that run no tasks themselves. */
export function createTaskClient<TRouter extends AnyRouter>(
  tasks: TRouter,
  options: CommonOptions & BackendOptions,
): DirectTaskClient<TRouter>;
export function createTaskClient(...words: readonly unknown[]): unknown {
  const isMeantForEdge = (word: unknown) =>
    typeof word === "object" && word !== null && ["transport", "url", "trpc"].some((name) => name in word);
  if (words.some(isMeantForEdge))
    throw invalid(
      "createTaskClient() of @taskwright/server takes (tasks, { backend }); with a url, a trpc or a transport, use createTaskClient<typeof tasks>({ url }) of @taskwright/client.",
    );
  const [tasks, options] = words as [AnyRouter, CommonOptions & BackendOptions];
  checkOptions(options, CLIENT_OPTIONS, "createTaskClient()");
  const engine = new Engine({
    router: tasks,
    backends: backendsOf(options, "createTaskClient()"),
    handlers: new Map(),
    ...(options.tracing === undefined ? {} : { tracing: options.tracing }),
    ...maxPayloadBytesOf(options),
    logger: loggerOf(options, () => {}),
    host: options.host ?? systemHost,
  });
  const close = () => engine.close();
  return { ...serverClient<AnyRouter>(engine, null), close, [Symbol.asyncDispose]: close };
}
