import type { TaskDefinition } from "./task-definition.ts";
import type { ReservedName } from "./task-path.ts";

/** What a task's schemas say, for inference only; nothing of it exists at run time. */
export interface TaskTypes<TInput, TParsed, TOutput, TEncoded, TQueue extends string> {
  /** What callers pass: `z.input` of the input schema. */
  readonly input: TInput;
  /** What the handler gets: `z.output` of the input schema. */
  readonly parsed: TParsed;
  /** What the handler returns and `get()` gives: `z.output` of the output schema. */
  readonly output: TOutput;
  /** How the output is stored: `z.input` of the output schema. */
  readonly encoded: TEncoded;
  /** The queue names that options may use. */
  readonly queue: TQueue;
}

/** A task as a router holds it: path, schemas and options, but no handler. */
export interface Task<TInput, TParsed, TOutput, TEncoded, TQueue extends string> {
  readonly "~task": TaskDefinition;
  /** For inference only; undefined at run time. */
  readonly "~types": TaskTypes<TInput, TParsed, TOutput, TEncoded, TQueue>;
}

/** Any task. */
export interface AnyTask {
  readonly "~task": TaskDefinition;
  readonly "~types": TaskTypes<unknown, unknown, unknown, unknown, string>;
}

/** Tasks and routers by name. */
export interface RouterRecord {
  readonly [name: string]: AnyTask | RouterMark;
}

/** What marks an object as a router. */
export interface RouterMark {
  readonly "~router": RouterRecord;
}

/** Tasks and routers under one name each, as `t.router()` makes it. */
export type TaskRouter<TRecord = RouterRecord> = { readonly "~router": TRecord } & TRecord;

/** Shown by the compiler where a router has a name that it cannot have. */
export interface InvalidName<TMessage extends string> {
  readonly "INVALID NAME": TMessage;
}

/** Compiles to `unknown` when every key can be a task's name, else to a message that names the key. */
export type CheckedNames<TNames> = [TNames] extends [string]
  ? [Extract<TNames, ReservedName | "" | `${string}.${string}` | `${string} ${string}`>] extends [never]
    ? unknown
    : InvalidName<`"${Extract<TNames, ReservedName | "" | `${string}.${string}` | `${string} ${string}`>}" is reserved, empty or has a dot or space: call the task something else`>
  : unknown;

/** Every task path of a router, as `"sendEmail" | "billing.invoice"`. */
export type TaskPath<TRouter> = TRouter extends { readonly "~router": infer R } ? PathsOf<R> : never;

type PathsOf<R> = {
  [K in keyof R & string]: R[K] extends { readonly "~router": infer S } ? `${K}.${PathsOf<S>}` : K;
}[keyof R & string];

/** What callers of a task pass. */
export type TaskInput<T extends AnyTask> = T["~types"]["input"];

/** What a task's `get()` resolves to. */
export type TaskOutput<T extends AnyTask> = T["~types"]["output"];
