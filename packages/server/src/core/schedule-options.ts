import type { AnyTask, Misfire, ScheduleCallOptions } from "@taskwright/shared";
import type { BuiltInRouter } from "./built-in-tasks.ts";

/** The rule of a schedule, and how it is kept. */
export interface ScheduleRule {
  /**
   * What it is found by: 1 to 100 letters, digits and `_ - . :`. One with the same id is changed instead of another being
   * made, so that a program can say its schedules each time it starts.
   *
   * @default a new one
   */
  readonly id?: string;
  /** What people call it, 1 to 200 characters. @default the id if one is given, else the task's label */
  readonly name?: string;
  /** Five fields, minute, hour, day of month, month and day of week (0 to 7, both Sunday), such as `"0 4 * * 1"`. */
  readonly cron: string;
  /** The zone that the rule is meant in, by its IANA name. @default "UTC" */
  readonly timeZone?: string;
  /**
   * Of times that passed while no worker ran: `once` enqueues for the first of them, late; `skip` for none that is over a
   * minute late; `all` for each.
   *
   * @default "once"
   */
  readonly misfire?: Misfire;
  /** @default false, or as it is where one with this id is changed */
  readonly isPaused?: boolean;
  /** The server's backend that keeps it, and where it enqueues. @default that of the task */
  readonly backend?: string;
}

/** The types of a router's task at a path. */
type TaskAt<TRouter, TPath extends string> = TRouter extends { readonly "~router": infer TRecord }
  ? TPath extends `${infer TName}.${infer TRest}`
    ? TName extends keyof TRecord
      ? TaskAt<TRecord[TName], TRest>
      : never
    : TPath extends keyof TRecord
      ? TRecord[TPath] extends AnyTask
        ? TRecord[TPath]["~types"]
        : never
      : never
  : never;

/** The input of a router's task at a path, or of a built-in one. */
export type InputAt<TRouter, TPath extends string> =
  TaskAt<TRouter | BuiltInRouter, TPath> extends { readonly input: infer TInput } ? TInput : never;

/** The queues of a router's task at a path, or of a built-in one. */
export type QueueAt<TRouter, TPath extends string> =
  TaskAt<TRouter | BuiltInRouter, TPath> extends { readonly queue: infer TQueue extends string }
    ? TQueue
    : never;

/** The input of a task: none for one without, one that may be left out where it may be undefined. */
type InputOption<TInput> = [TInput] extends [undefined | void]
  ? // any and never extend void too, and yet are inputs.
    0 extends 1 & TInput
    ? { readonly input: TInput }
    : [TInput] extends [never]
      ? { readonly input: TInput }
      : { readonly input?: undefined }
  : undefined extends TInput
    ? { readonly input?: TInput }
    : { readonly input: TInput };

/** What `schedules.create()` takes: a task, its input and options, and when to enqueue it. */
export type ScheduleOptions<
  TPath extends string = string,
  TInput = unknown,
  TQueue extends string = string,
> = ScheduleRule & {
  /** The path of the task to enqueue. */
  readonly task: TPath;
} & InputOption<TInput> &
  ScheduleCallOptions<TQueue>;
