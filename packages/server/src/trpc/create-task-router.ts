import {
  type AnyRouter,
  type CarriedAsJson,
  checkOptionNames,
  type OutputForm,
  TaskError,
  tasksByPath,
} from "@taskwright/shared";
import type { TRPCBuiltRouter } from "@trpc/server";
import type { Engine } from "../core/engine.ts";
import type { AnyTaskServer, OnlyPath } from "../create-task-server.ts";
import { type AllowableOption, type CallerRights, checkRights } from "./caller-rights.ts";
import { extendErrorFormatter } from "./error-formatter.ts";
import { type ExposedTasks, exposedTasks } from "./exposed-tasks.ts";
import { resultProcedures } from "./result-procedures.ts";
import { taskProcedures } from "./task-procedures.ts";
import type { ResultProcedures, TaskProceduresOf } from "./task-router.ts";
import type {
  ContextOf,
  ProcedureBuilder,
  TrpcConfig,
  TrpcInstance,
  TrpcProcedure,
  TrpcTypes,
} from "./trpc-instance.ts";

/** What {@link createTaskRouter} takes. */
export interface TaskRouterOptions<
  TProcedure extends TrpcProcedure,
  TPath extends string,
  TAllowed extends AllowableOption,
> extends CallerRights<ContextOf<TProcedure>> {
  /** What all procedures are made of, such as your own with a session check: its middleware and context apply. */
  readonly procedure: TProcedure;
  /** The tasks and routers that callers may enqueue and read, by path. @default all */
  readonly expose?: readonly TPath[];
  readonly allowOptions?: readonly TAllowed[];
}

/** What is served: the server of a contract. */
export interface ServedTasks<TRouter extends AnyRouter> extends AnyTaskServer {
  readonly tasks: TRouter;
}

/** `unknown` where tRPC can carry what the contract's tasks take and give. */
type Carried<TRouter extends AnyRouter, TTypes extends TrpcTypes> = TTypes["transformer"] extends true
  ? unknown
  : CarriedAsJson<
      TRouter,
      "the contract has a transformer: give tRPC one too, as in initTRPC.create({ transformer: superjson })"
    >;

/** The tRPC router of a contract's tasks: `tasks.sendEmail.delay`, `results.get` and so on. */
export type TaskTrpcRouter<
  TTypes extends TrpcTypes,
  TRouter extends AnyRouter,
  TPath extends string = never,
  TAllowed extends AllowableOption = "countdown" | "eta",
> = TRPCBuiltRouter<
  TTypes,
  {
    tasks: TaskProceduresOf<ExposedTasks<TRouter["~router"], TPath>, TAllowed>;
    results: ResultProcedures;
  }
>;

const OPTIONS = ["procedure", "expose", "allowOptions", "scope", "tags", "canRead", "canCancel"];

function invalid(message: string, option?: string): TaskError {
  const data = option === undefined ? {} : { data: { option } };
  return new TaskError({ code: "INVALID_OPTION", message: `createTaskRouter() ${message}`, ...data });
}

function configOf(t: unknown): TrpcConfig {
  const { _config: config, router } = (t ?? {}) as { _config?: Partial<TrpcConfig>; router?: unknown };
  if (typeof config?.errorFormatter === "function" && typeof router === "function")
    return config as TrpcConfig;
  throw invalid("needs a tRPC instance first: const t = initTRPC.create() of @trpc/server 11.");
}

function engineOf(server: unknown): Engine {
  const engine = (server as Partial<AnyTaskServer> | undefined)?.["~engine"];
  if (engine !== undefined) return engine;
  throw invalid("needs a server second: const server = createTaskServer({ … }).");
}

function checkProcedure(procedure: unknown): void {
  const given = procedure as Partial<ProcedureBuilder> | undefined;
  if (typeof given?.mutation === "function") {
    if ((given._def?.inputs.length ?? 0) === 0) return;
    throw invalid(
      "needs a procedure without input(): tasks have inputs of their own. Take what it reads there from the context, such as a header.",
      "procedure",
    );
  }
  throw invalid(
    "needs procedure: the one that says who may call, such as your protectedProcedure, or t.procedure for anybody.",
    "procedure",
  );
}

/** Whether it changes what it is given; tRPC's own, for plain JSON, does not. */
function hasTransformer({ transformer }: TrpcConfig): boolean {
  const probe = { at: new Date(0) };
  return transformer.output.serialize(probe) !== probe;
}

function checkTransformer(engine: Engine, paths: Iterable<string>, config: TrpcConfig): void {
  if (hasTransformer(config)) return;
  for (const path of paths) {
    const { id } = engine.task(path).payload.codec;
    if (id !== "json")
      throw invalid(
        `needs a tRPC instance with a transformer, as the contract of ${path} has one (${id}): initTRPC.create({ transformer }).`,
      );
  }
}

/** Nests what is known by dotted paths. */
function nested(entries: Iterable<readonly [string, Readonly<Record<string, unknown>>]>): object {
  interface Branch {
    [name: string]: unknown;
  }
  const root: Branch = {};
  for (const [path, leaf] of entries) {
    const names = path.split(".");
    let branch = root;
    for (const name of names.slice(0, -1)) {
      branch[name] ??= {};
      branch = branch[name] as Branch;
    }
    branch[names.at(-1) as string] = leaf;
  }
  return root;
}

/**
 * Makes a tRPC router of a server's tasks, on your own instance and procedure: `tasks.<path>.delay`, `applyAsync`,
 * `enqueue` and `enqueueMany`, and `results.get`, `wait`, `cancel` and `progress`.
 *
 * It wraps the instance's `errorFormatter`, so that clients get the code, message and data of errors of this library.
 */
export function createTaskRouter<
  TTypes extends TrpcTypes,
  TRouter extends AnyRouter,
  TProcedure extends TrpcProcedure,
  const TPath extends OnlyPath<TRouter> = never,
  const TAllowed extends AllowableOption = "countdown" | "eta",
>(
  t: TrpcInstance<TTypes>,
  server: ServedTasks<TRouter> & Carried<TRouter, TTypes>,
  options: TaskRouterOptions<TProcedure, TPath, TAllowed>,
): TaskTrpcRouter<TTypes, TRouter, TPath, TAllowed> {
  const config = configOf(t);
  const engine = engineOf(server);
  checkOptionNames(options, "createTaskRouter()", OPTIONS);
  checkProcedure(options.procedure);
  checkRights(options);
  const paths = [...tasksByPath(server.tasks).keys()];
  checkTransformer(engine, paths, config);
  const exposed = exposedTasks(engine, paths, options.expose);
  extendErrorFormatter(config, exposed.keys());
  const outputs: OutputForm = hasTransformer(config) ? "output" : "encoded";
  const parts = {
    engine,
    procedure: options.procedure as unknown as ProcedureBuilder,
    rights: options as unknown as CallerRights<unknown>,
    outputs,
  };
  const record = {
    tasks: nested([...exposed.keys()].map((path) => [path, taskProcedures(parts, path)])),
    results: resultProcedures({ ...parts, isExposed: (path) => exposed.has(path) }),
  };
  const router = t.router as unknown as (record: object) => unknown;
  return router(record) as TaskTrpcRouter<TTypes, TRouter, TPath, TAllowed>;
}
