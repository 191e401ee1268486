import { type AsyncResult, asyncResult } from "./async-result.ts";
import { TaskError } from "./errors/task-error.ts";
import type { InputArguments } from "./input-arguments.ts";
import { checkOptionNames } from "./option-names.ts";
import { pathProxy } from "./path-proxy.ts";
import type { CallOptions, EnqueueManyOptions } from "./task-options.ts";
import type { TaskResult } from "./task-result.ts";
import {
  type CancelAnswer,
  type Enqueued,
  LIST_OPTION_NAMES,
  type ListOptions,
  type ResultAddress,
  type TaskResultPage,
  type TaskTransport,
} from "./task-transport.ts";
import type { AnyRouter, AnyTask } from "./task-types.ts";

type EnqueueArguments<TInput, TQueue extends string> = InputArguments<
  TInput,
  [options?: CallOptions<TQueue>]
>;

/**
 * How a task is called.
 *
 * `TQueue` is the queues that its options may name; left out, a caller of whatever queues will do.
 */
// Properties and not methods, whose parameters TypeScript compares both ways: an input could lack what the task needs.
export interface TaskCaller<TInput, TOutput, TQueue extends string = never> {
  /** Enqueues it; resolves when it is durably stored. */
  readonly delay: (...args: InputArguments<TInput>) => Promise<AsyncResult<TOutput, TInput>>;
  /** Enqueues it with options (Celery's name for `enqueue`). */
  readonly applyAsync: (...args: EnqueueArguments<TInput, TQueue>) => Promise<AsyncResult<TOutput, TInput>>;
  /** Enqueues it with options; resolves when it is durably stored. */
  readonly enqueue: (...args: EnqueueArguments<TInput, TQueue>) => Promise<AsyncResult<TOutput, TInput>>;
  /** Enqueues one for each input, in order; checks all of them before it stores any. */
  readonly enqueueMany: (
    inputs: readonly TInput[],
    options?: EnqueueManyOptions<TQueue>,
  ) => Promise<readonly AsyncResult<TOutput, TInput>[]>;
  /** The same task with other options. */
  readonly using: (options: CallOptions<TQueue>) => TaskCaller<TInput, TOutput, TQueue>;
  /** The handle of an earlier enqueue, from its id. */
  readonly result: (id: string) => AsyncResult<TOutput, TInput>;
}

/** In which form outputs come: as handlers return them, or as they are stored. */
export type OutputForm = "output" | "encoded";

/** One {@link TaskCaller} per task of a router, nested as the router is. */
export type TaskCallers<TRecord, TForm extends OutputForm = "output"> = {
  readonly [K in keyof TRecord]: TRecord[K] extends { readonly "~router": infer TInner }
    ? TaskCallers<TInner, TForm>
    : TRecord[K] extends AnyTask
      ? TaskCaller<TRecord[K]["~types"]["input"], TRecord[K]["~types"][TForm], TRecord[K]["~types"]["queue"]>
      : never;
};

/** Task results by id, whatever their task. */
export interface ResultsClient {
  /** Reads one; rejects with RESULT_NOT_FOUND. */
  get(id: string, options?: { readonly backend?: string }): Promise<TaskResult>;
  /** Reads a page, newest first. */
  list(options?: ListOptions): Promise<TaskResultPage>;
  /** Ends it when it waits, asks its handler to stop when it runs. */
  cancel(id: string, options?: { readonly backend?: string }): Promise<CancelAnswer>;
}

/** The typed client of a router: `client.tasks.sendEmail.delay({ … })`. */
export interface TaskClient<TRouter extends AnyRouter, TForm extends OutputForm = "output"> {
  readonly tasks: TaskCallers<TRouter["~router"], TForm>;
  readonly results: ResultsClient;
}

function backendOf(levels: readonly CallOptions[]): string | null {
  return levels.findLast((level) => level?.backend !== undefined)?.backend ?? null;
}

function callerOf(
  transport: TaskTransport,
  path: string,
  options: readonly CallOptions[],
): TaskCaller<unknown, unknown> {
  const handle = (enqueued: Enqueued, backend: string | null) =>
    asyncResult<unknown, unknown>(transport, { id: enqueued.id, path, backend }, enqueued.deduplicated);
  const withCall = (call: CallOptions | undefined) => (call === undefined ? options : [...options, call]);
  const enqueue = async (input: unknown, call?: CallOptions) => {
    const levels = withCall(call);
    return handle(await transport.enqueue({ path, input, options: levels }), backendOf(levels));
  };
  return Object.freeze({
    delay: (...args: unknown[]) => {
      if (args.length <= 1) return enqueue(args[0]);
      const message = `delay() takes the input only; got ${args.length} arguments. Options go to applyAsync(input, options); as a callback, write (input) => delay(input).`;
      return Promise.reject(new TaskError({ code: "INVALID_OPTION", message }));
    },
    applyAsync: enqueue,
    enqueue,
    enqueueMany: async (inputs: readonly unknown[], call?: CallOptions) => {
      const levels = withCall(call);
      const stored = await transport.enqueueMany({ path, inputs, options: levels });
      const backend = backendOf(levels);
      return stored.map((enqueued) => handle(enqueued, backend));
    },
    using: (more: CallOptions) => callerOf(transport, path, [...options, more]),
    result: (id: string) =>
      asyncResult<unknown, unknown>(transport, { id, path, backend: backendOf(options) }, false),
  });
}

function addressOf(id: string, options: { readonly backend?: string }, what: string): ResultAddress {
  checkOptionNames(options, what, ["backend"]);
  return { id, path: null, backend: options.backend ?? null };
}

/** Makes the client of a router over a transport; the router's type is all it needs. */
export function taskClient<TRouter extends AnyRouter, TForm extends OutputForm = "output">(
  transport: TaskTransport,
): TaskClient<TRouter, TForm> {
  const results: ResultsClient = {
    get: async (id, options = {}) => transport.getResult(addressOf(id, options, "results.get()")),
    list: async (options = {}) => {
      checkOptionNames(options, "results.list()", LIST_OPTION_NAMES);
      return transport.listResults(options);
    },
    cancel: async (id, options = {}) => transport.cancel(addressOf(id, options, "results.cancel()")),
  };
  return Object.freeze({
    tasks: pathProxy(
      (path) => callerOf(transport, path, []) as unknown as Record<string, unknown>,
    ) as TaskCallers<TRouter["~router"], TForm>,
    results: Object.freeze(results),
  });
}
