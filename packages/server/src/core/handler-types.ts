import type { AnyRouter, AnyTask } from "@taskwright/shared";
import type { Attempt } from "./attempt.ts";
import type { Logger } from "./logger.ts";
import type { ServerTaskClient } from "./server-task-client.ts";
import type { FailedTask } from "./task-events.ts";

/** What a handler gets. */
export interface HandlerArguments<TInput, TContext, TRouter extends AnyRouter> {
  /** The input, parsed by the task's schema. */
  readonly input: TInput;
  /** What `createContext` made, with what middleware added. */
  readonly ctx: TContext;
  /** Aborts on timeout, cancel, a lost lease and shutdown; pass it on to whatever can be stopped. */
  readonly signal: AbortSignal;
  readonly attempt: Attempt;
  /** Enqueues with this task result recorded as the parent. */
  readonly client: ServerTaskClient<TRouter>;
  /** The server's logger, with the task's path, id and attempt. */
  readonly logger: Logger;
}

/** What the handler of a task with `transaction: true` gets. */
export interface TransactionHandlerArguments<TInput, TContext, TRouter extends AnyRouter, TTransaction>
  extends HandlerArguments<TInput, TContext, TRouter> {
  /**
   * The client of the attempt's transaction, which ends with the handler: it commits together with the task's
   * completion when the handler returns, and rolls back when it throws.
   */
  readonly tx: TTransaction;
}

/** The user's function. */
export type HandlerFunction<TInput, TContext, TOutput, TRouter extends AnyRouter> = (
  args: HandlerArguments<TInput, TContext, TRouter>,
) => TOutput | Promise<TOutput>;

/** The user's function for a task with `transaction: true`; its `tx` is a `TTransaction`. */
export type TransactionHandlerFunction<TInput, TContext, TOutput, TRouter extends AnyRouter, TTransaction> = (
  args: TransactionHandlerArguments<TInput, TContext, TRouter, TTransaction>,
) => TOutput | Promise<TOutput>;

/** What middleware gets: as a handler, but of any task. */
export interface MiddlewareArguments<TContext> {
  readonly input: unknown;
  readonly ctx: TContext;
  readonly signal: AbortSignal;
  readonly attempt: Attempt;
  readonly logger: Logger;
  /** Runs what comes after it, at most once, with more context when `ctx` is given; resolves to the handler's output. */
  readonly next: MiddlewareNext;
}

/** Runs what comes after a middleware. */
export interface MiddlewareNext {
  (): Promise<MiddlewareResult<object>>;
  <TAdded extends object>(more: { readonly ctx: TAdded }): Promise<MiddlewareResult<TAdded>>;
}

/** What `next()` resolves to and middleware returns. */
export interface MiddlewareResult<TAdded extends object> {
  readonly output: unknown;
  /** For inference only: what was added to the context. */
  readonly "~added"?: TAdded;
}

/** Runs around a handler; returns what `next()` gave. */
export type Middleware<TContext, TAdded extends object = object> = (
  args: MiddlewareArguments<TContext>,
) => Promise<MiddlewareResult<TAdded>>;

/** What goes with a handler. */
export interface HandlerOptions<TInput = unknown> {
  /** Called once when the task result has ended FAILED; what it throws is logged. */
  readonly onFailed?: (failed: FailedTask<TInput>) => unknown;
}

/** A handler with its middleware, as `h.sendEmail.handler()` makes it. */
export interface TaskHandler<TParsed, TOutput, TContext> {
  readonly "~handler": BuiltHandler;
  /** For inference only; undefined at run time. */
  readonly "~types": {
    readonly parsed: TParsed;
    readonly output: TOutput;
    readonly context: (ctx: TContext) => void;
  };
}

/** A handler of a task with `transaction: true`, as `h.chargeCard.handler()` makes it. */
export interface TransactionTaskHandler<TParsed, TOutput, TContext, TTransaction>
  extends TaskHandler<TParsed, TOutput, TContext> {
  /** For inference only; undefined at run time. */
  readonly "~transaction": (tx: TTransaction) => void;
}

/** A handler at run time. */
export interface BuiltHandler {
  /** The task it was built for; null for a plain function, which may stand anywhere. */
  readonly path: string | null;
  // The schemas have checked what passes here; the compiler cannot follow a map from paths to types.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly handle: (args: any) => unknown;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly middleware: readonly Middleware<any, any>[];
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly onFailed?: (failed: FailedTask<any>) => unknown;
}

/** One handler per task of a router, nested as the router is: a built one or a plain function. */
export type Handlers<TRecord, TContext, TRouter extends AnyRouter, TTransaction = unknown> = {
  readonly [K in keyof TRecord]: TRecord[K] extends { readonly "~router": infer TInner }
    ? Handlers<TInner, TContext, TRouter, TTransaction>
    : TRecord[K] extends AnyTask
      ? TRecord[K]["~types"]["transaction"] extends true
        ?
            | TransactionTaskHandler<
                TRecord[K]["~types"]["parsed"],
                TRecord[K]["~types"]["output"],
                TContext,
                TTransaction
              >
            | TransactionHandlerFunction<
                TRecord[K]["~types"]["parsed"],
                TContext,
                TRecord[K]["~types"]["output"],
                TRouter,
                TTransaction
              >
        :
            | TaskHandler<TRecord[K]["~types"]["parsed"], TRecord[K]["~types"]["output"], TContext>
            | HandlerFunction<
                TRecord[K]["~types"]["parsed"],
                TContext,
                TRecord[K]["~types"]["output"],
                TRouter
              >
      : never;
};

type IsWithin<TPath extends string, TOnly extends string> = TPath extends TOnly
  ? true
  : TPath extends `${TOnly}.${string}`
    ? true
    : false;

type LeadsTo<TPath extends string, TOnly extends string> = TOnly extends `${TPath}.${string}` ? true : never;

/** {@link Handlers} of the tasks that `only` names, by path or by router. */
export type HandlersOnly<
  TRecord,
  TContext,
  TRouter extends AnyRouter,
  TOnly extends string,
  TTransaction = unknown,
  TPrefix extends string = "",
> = {
  readonly [K in keyof TRecord & string as IsWithin<`${TPrefix}${K}`, TOnly> extends true
    ? K
    : [LeadsTo<`${TPrefix}${K}`, TOnly>] extends [never]
      ? never
      : K]: TRecord[K] extends { readonly "~router": infer TInner }
    ? IsWithin<`${TPrefix}${K}`, TOnly> extends true
      ? Handlers<TInner, TContext, TRouter, TTransaction>
      : HandlersOnly<TInner, TContext, TRouter, TOnly, TTransaction, `${TPrefix}${K}.`>
    : TRecord[K] extends AnyTask
      ? TRecord[K]["~types"]["transaction"] extends true
        ?
            | TransactionTaskHandler<
                TRecord[K]["~types"]["parsed"],
                TRecord[K]["~types"]["output"],
                TContext,
                TTransaction
              >
            | TransactionHandlerFunction<
                TRecord[K]["~types"]["parsed"],
                TContext,
                TRecord[K]["~types"]["output"],
                TRouter,
                TTransaction
              >
        :
            | TaskHandler<TRecord[K]["~types"]["parsed"], TRecord[K]["~types"]["output"], TContext>
            | HandlerFunction<
                TRecord[K]["~types"]["parsed"],
                TContext,
                TRecord[K]["~types"]["output"],
                TRouter
              >
      : never;
};
