import { type AnyRouter, type AnyTask, checkOptionNames, TaskError, tasksByPath } from "@taskwright/shared";
import type {
  BuiltHandler,
  HandlerFunction,
  HandlerOptions,
  Middleware,
  TaskHandler,
  TransactionHandlerFunction,
  TransactionTaskHandler,
} from "./handler-types.ts";
import { nestByPath } from "./nest-by-path.ts";

/**
 * Builds the handler of one task.
 *
 * `TBase` is what `createContext` makes, `TContext` that with what middleware added.
 */
export interface HandlerBuilder<TTask extends AnyTask, TBase, TContext, TRouter extends AnyRouter> {
  /** Adds middleware for this task, inside what was added before. */
  use<TAdded extends object>(
    middleware: Middleware<TContext, TAdded>,
  ): HandlerBuilder<TTask, TBase, TContext & TAdded, TRouter>;
  /** Gives the task its function. */
  handler(
    handle: HandlerFunction<TTask["~types"]["parsed"], TContext, TTask["~types"]["output"], TRouter>,
    options?: HandlerOptions<TTask["~types"]["input"]>,
  ): TaskHandler<TTask["~types"]["parsed"], TTask["~types"]["output"], TBase>;
}

/** {@link HandlerBuilder} of a task with `transaction: true`; its `tx` is a `TTransaction`. */
export interface TransactionHandlerBuilder<
  TTask extends AnyTask,
  TBase,
  TContext,
  TRouter extends AnyRouter,
  TTransaction,
> {
  /** Adds middleware for this task, inside what was added before; it runs in the transaction. */
  use<TAdded extends object>(
    middleware: Middleware<TContext, TAdded>,
  ): TransactionHandlerBuilder<TTask, TBase, TContext & TAdded, TRouter, TTransaction>;
  /** Gives the task its function. */
  handler(
    handle: TransactionHandlerFunction<
      TTask["~types"]["parsed"],
      TContext,
      TTask["~types"]["output"],
      TRouter,
      TTransaction
    >,
    options?: HandlerOptions<TTask["~types"]["input"]>,
  ): TransactionTaskHandler<TTask["~types"]["parsed"], TTask["~types"]["output"], TBase, TTransaction>;
}

/** One {@link HandlerBuilder} per task of a router, nested as the router is. */
export type HandlerBuilders<TRecord, TBase, TContext, TRouter extends AnyRouter, TTransaction = unknown> = {
  readonly [K in keyof TRecord]: TRecord[K] extends { readonly "~router": infer TInner }
    ? HandlerBuilders<TInner, TBase, TContext, TRouter, TTransaction>
    : TRecord[K] extends AnyTask
      ? TRecord[K]["~types"]["transaction"] extends true
        ? TransactionHandlerBuilder<TRecord[K], TBase, TContext, TRouter, TTransaction>
        : HandlerBuilder<TRecord[K], TBase, TContext, TRouter>
      : never;
};

/** What every handler built from here has. */
export interface ImplementerSteps<TBase, TContext, TRouter extends AnyRouter, TTransaction = unknown> {
  /** Says what `createContext` will make; the server's must fit. Comes before `use`. */
  context<TNext extends object>(): Implementer<TNext, TNext, TRouter, TTransaction>;
  /**
   * Says what the `tx` of tasks with `transaction: true` is, such as `Prisma.TransactionClient`; the transactions of the
   * server's backend must fit.
   */
  transactionClient<TNext extends object>(): Implementer<TBase, TContext, TRouter, TNext>;
  /** Adds middleware for every handler built from what this returns. */
  use<TAdded extends object>(
    middleware: Middleware<TContext, TAdded>,
  ): Implementer<TBase, TContext & TAdded, TRouter, TTransaction>;
}

/** Builds handlers: `h.sendEmail.handler(async ({ input }) => …)`. */
export type Implementer<
  TBase,
  TContext,
  TRouter extends AnyRouter,
  TTransaction = unknown,
> = ImplementerSteps<TBase, TContext, TRouter, TTransaction> &
  HandlerBuilders<TRouter["~router"], TBase, TContext, TRouter, TTransaction>;

// biome-ignore lint/suspicious/noExplicitAny: middleware of different contexts stands in one list
type AnyMiddleware = Middleware<any, any>;

function mustBeFunction(value: unknown, what: string): void {
  if (typeof value === "function") return;
  throw new TaskError({
    code: "INVALID_CONTRACT",
    message: `${what} must be a function; got ${typeof value}.`,
  });
}

function builderAt(path: string, middleware: readonly AnyMiddleware[]): object {
  return {
    use: (more: AnyMiddleware) => {
      mustBeFunction(more, `The middleware of ${path}`);
      return builderAt(path, [...middleware, more]);
    },
    handler: (handle: BuiltHandler["handle"], options: HandlerOptions = {}) => {
      mustBeFunction(handle, `The handler of ${path}`);
      checkOptionNames(options, `The handler of ${path}`, ["onFailed"]);
      if (options.onFailed !== undefined) mustBeFunction(options.onFailed, `onFailed of ${path}`);
      const built: BuiltHandler = {
        path,
        handle,
        middleware,
        ...(options.onFailed === undefined ? {} : { onFailed: options.onFailed }),
      };
      return { "~handler": built };
    },
  };
}

function implementer(paths: readonly string[], middleware: readonly AnyMiddleware[]): object {
  const root: Record<string, unknown> = {
    context: () => {
      if (middleware.length === 0) return implementer(paths, []);
      throw new TaskError({
        code: "INVALID_CONTRACT",
        message: "context() comes before use(): middleware builds on the context.",
      });
    },
    transactionClient: () => implementer(paths, middleware),
    use: (more: AnyMiddleware) => {
      mustBeFunction(more, "Middleware");
      return implementer(paths, [...middleware, more]);
    },
  };
  for (const path of paths) nestByPath(root, path, builderAt(path, middleware));
  return root;
}

/** Starts the handlers of a router: in one file or in many, with typed context and middleware. */
export function implement<TRouter extends AnyRouter>(tasks: TRouter): Implementer<object, object, TRouter> {
  return implementer([...tasksByPath(tasks).keys()], []) as Implementer<object, object, TRouter>;
}
