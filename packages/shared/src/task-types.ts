import type { TaskDefinition } from "./task-definition.ts";
import type { ReservedName } from "./task-path.ts";

/** What a task's schemas say, for inference only; nothing of it exists at run time. */
export interface TaskTypes<
  TInput,
  TParsed,
  TOutput,
  TEncoded,
  TQueue extends string,
  TTransaction extends boolean = false,
> {
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
  /** Whether its handler gets a transaction. */
  readonly transaction: TTransaction;
}

/** A task as a router holds it: path, schemas and options, but no handler. */
export interface Task<
  TInput,
  TParsed,
  TOutput,
  TEncoded,
  TQueue extends string,
  TTransaction extends boolean = false,
> {
  readonly "~task": TaskDefinition;
  /** For inference only; undefined at run time. */
  readonly "~types": TaskTypes<TInput, TParsed, TOutput, TEncoded, TQueue, TTransaction>;
}

/** Any task. */
export interface AnyTask {
  readonly "~task": TaskDefinition;
  readonly "~types": TaskTypes<unknown, unknown, unknown, unknown, string, boolean>;
}

/** Tasks and routers by name. */
export interface RouterRecord {
  readonly [name: string]: AnyTask | AnyRouter;
}

/** Any router: what `t.router()` makes, of whatever tasks. */
export interface AnyRouter {
  readonly "~router": unknown;
}

/** Tasks and routers under one name each, as `t.router()` makes it. */
export type TaskRouter<TRecord = RouterRecord> = { readonly "~router": TRecord } & Readonly<TRecord>;

/** Shown by the compiler where a router has a name that it cannot have. */
export interface InvalidName<TIssue> {
  readonly "INVALID NAME": TIssue;
}

/** What is wrong with a name, or `never`; letters that only a run-time check can refuse are let pass. */
type NameIssue<TName> = TName extends ReservedName
  ? `"${TName}" is a reserved name: call it something else`
  : TName extends ""
    ? "an empty name: call it something"
    : TName extends `${string}.${string}`
      ? `"${TName}" has a dot: put a t.router({ … }) inside a router instead`
      : TName extends `${string} ${string}`
        ? `"${TName}" has a space: use letters, digits, "_" and "-"`
        : never;

/** `unknown` if every key can be the name of a task or router, else an {@link InvalidName} for each that cannot. */
export type CheckedNames<TNames extends PropertyKey> = [NameIssue<TNames>] extends [never]
  ? unknown
  : { readonly [K in TNames as [NameIssue<K>] extends [never] ? never : K]: InvalidName<NameIssue<K>> };

/** Every task path of a router, as `"sendEmail" | "billing.invoice"`. */
export type TaskPath<TRouter> = TRouter extends { readonly "~router": infer R }
  ? // Inferred once more, so that the compiler shows the paths instead of the name of a type.
    PathsOf<R> extends `${infer TPath}`
    ? TPath
    : never
  : never;

type PathsOf<R> = {
  [K in keyof R & string]: R[K] extends { readonly "~router": infer S } ? `${K}.${PathsOf<S>}` : K;
}[keyof R & string];

/** What callers of a task pass. */
export type TaskInput<T extends AnyTask> = T["~types"]["input"];

/** What a task's `get()` resolves to. */
export type TaskOutput<T extends AnyTask> = T["~types"]["output"];
