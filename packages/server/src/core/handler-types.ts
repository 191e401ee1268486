import type { AnyRouter, AnyTask, TaskClient } from "@taskwright/shared";
import type { Attempt } from "./attempt.ts";
import type { Logger } from "./logger.ts";
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
  readonly client: TaskClient<TRouter>;
  /** The server's logger, with the task's path, id and attempt. */
  readonly logger: Logger;
}

/** The user's function. */
export type HandlerFunction<TInput, TContext, TOutput, TRouter extends AnyRouter> = (
  args: HandlerArguments<TInput, TContext, TRouter>,
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
export type Handlers<TRecord, TContext, TRouter extends AnyRouter> = {
  readonly [K in keyof TRecord]: TRecord[K] extends { readonly "~router": infer TInner }
    ? Handlers<TInner, TContext, TRouter>
    : TRecord[K] extends AnyTask
      ?
          | TaskHandler<TRecord[K]["~types"]["parsed"], TRecord[K]["~types"]["output"], TContext>
          | HandlerFunction<TRecord[K]["~types"]["parsed"], TContext, TRecord[K]["~types"]["output"], TRouter>
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
  TPrefix extends string = "",
> = {
  readonly [K in keyof TRecord & string as IsWithin<`${TPrefix}${K}`, TOnly> extends true
    ? K
    : [LeadsTo<`${TPrefix}${K}`, TOnly>] extends [never]
      ? never
      : K]: TRecord[K] extends { readonly "~router": infer TInner }
    ? IsWithin<`${TPrefix}${K}`, TOnly> extends true
      ? Handlers<TInner, TContext, TRouter>
      : HandlersOnly<TInner, TContext, TRouter, TOnly, `${TPrefix}${K}.`>
    : TRecord[K] extends AnyTask
      ?
          | TaskHandler<TRecord[K]["~types"]["parsed"], TRecord[K]["~types"]["output"], TContext>
          | HandlerFunction<TRecord[K]["~types"]["parsed"], TContext, TRecord[K]["~types"]["output"], TRouter>
      : never;
};
