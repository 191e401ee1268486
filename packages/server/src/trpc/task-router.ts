import type {
  AnyTask,
  CancelAnswer,
  Duration,
  Enqueued,
  ProgressUpdate,
  SharedOptions,
  TaskResultOnWire,
} from "@taskwright/shared";
import type { TRPCMutationProcedure, TRPCQueryProcedure, TRPCSubscriptionProcedure } from "@trpc/server";
import type { AllowableOption } from "./caller-rights.ts";

/** Every option that a caller may be allowed to set. */
export interface CallerOptions<TQueue extends string> extends SharedOptions<TQueue> {
  /** How long from now until it is due; a number counts seconds. */
  readonly countdown?: Duration | number;
  /** When it is due. */
  readonly eta?: Date | string;
  /** When it is due. */
  readonly runAfter?: Date | string;
}

/** What the procedures of a task take beside its input. */
export interface CallFields<TQueue extends string, TAllowed extends AllowableOption> {
  /** Those that the router allows. */
  readonly options?: Pick<CallerOptions<TQueue>, TAllowed>;
  /** A random string of 16 to 200 characters: a call repeated with the same one stores nothing more. */
  readonly requestKey?: string;
}

/** The input under its name; it may be left out where the task's own may. */
type InputField<TInput> = undefined extends TInput
  ? { readonly input?: TInput }
  : [TInput] extends [void]
    ? { readonly input?: undefined }
    : { readonly input: TInput };

/** The tRPC procedures of one task. */
// Types and not interfaces, which no router's record can be made of: they have no index signature.
export type TaskProcedures<TInput, TQueue extends string, TAllowed extends AllowableOption> = {
  readonly delay: TRPCMutationProcedure<{ input: TInput; output: Enqueued; meta: unknown }>;
  readonly applyAsync: TRPCMutationProcedure<{
    input: InputField<TInput> & CallFields<TQueue, TAllowed>;
    output: Enqueued;
    meta: unknown;
  }>;
  readonly enqueue: TRPCMutationProcedure<{
    input: InputField<TInput> & CallFields<TQueue, TAllowed>;
    output: Enqueued;
    meta: unknown;
  }>;
  readonly enqueueMany: TRPCMutationProcedure<{
    input: { readonly inputs: readonly TInput[] } & CallFields<TQueue, Exclude<TAllowed, "deduplicationId">>;
    output: readonly Enqueued[];
    meta: unknown;
  }>;
};

/** {@link TaskProcedures} of each task of a record, nested as that is. */
export type TaskProceduresOf<TRecord, TAllowed extends AllowableOption> = {
  [K in keyof TRecord]: TRecord[K] extends { readonly "~router": infer TInner }
    ? TaskProceduresOf<TInner, TAllowed>
    : TRecord[K] extends AnyTask
      ? TaskProcedures<TRecord[K]["~types"]["input"], TRecord[K]["~types"]["queue"], TAllowed>
      : never;
};

/** Names a task result. */
export interface ResultFields {
  readonly id: string;
  /** The task it must belong to; any when it is left out. */
  readonly path?: string;
  /** The server's backend that keeps it; all when it is left out. */
  readonly backend?: string;
}

/** Where a task result stands, as `results.progress` tells it. */
export interface ProgressEvent {
  /** What to come back with as `lastEventId`, to be told what has changed since. */
  readonly id: string;
  readonly data: ProgressUpdate;
}

/** The tRPC procedures for task results, whatever their task. */
export type ResultProcedures = {
  readonly get: TRPCQueryProcedure<{ input: ResultFields; output: TaskResultOnWire; meta: unknown }>;
  /** Gives it when it has ended, or null after 25 seconds, or sooner where `timeoutMs` says so. */
  readonly wait: TRPCQueryProcedure<{
    input: ResultFields & { readonly timeoutMs?: number };
    output: TaskResultOnWire | null;
    meta: unknown;
  }>;
  readonly cancel: TRPCMutationProcedure<{ input: ResultFields; output: CancelAnswer; meta: unknown }>;
  /** Where it stands, at first and at each change, until it has ended. */
  readonly progress: TRPCSubscriptionProcedure<{
    input: ResultFields & { readonly lastEventId?: string | null };
    output: AsyncIterable<ProgressEvent, void>;
    meta: unknown;
  }>;
};
