import { jsonCodec, type Transformer, transformerCodec } from "./codec.ts";
import { checkOptionNames } from "./option-names.ts";
import { parseOptions, parseQueues } from "./parse-options.ts";
import { BUILT_IN_OPTIONS, mergeOptions } from "./resolved-options.ts";
import { checkedRouterRecord } from "./router-record.ts";
import { type EmptyTaskBuilder, taskBuilder, type Wire } from "./task-builder.ts";
import type { RouterDefaults } from "./task-options.ts";
import type { CheckedNames, RouterRecord, TaskRouter } from "./task-types.ts";

/** What `initTasks.create()` takes. */
export interface InitOptions<
  TQueue extends string = string,
  TTransformer extends Transformer | undefined = Transformer,
> {
  /** What keeps Dates, Maps, Sets and bigints whole on the wire, such as superjson. @default plain JSON */
  readonly transformer?: TTransformer;
  /** The queue names that options may use; `[]` for any. @default ["default"] */
  readonly queues?: readonly TQueue[];
  /** Options of every task that says nothing else. */
  readonly defaults?: RouterDefaults<QueueOf<NoInfer<TQueue>>>;
}

/** What a contract is made with: `t.task` and `t.router`. */
export interface TaskContract<TWire extends Wire, TQueue extends string> {
  /** A task without input and output; add them with `.input()`, `.output()` and `.options()`. */
  readonly task: EmptyTaskBuilder<TWire, TQueue>;
  /** Names tasks, and other routers; a task's path is its names joined by dots. */
  router<TRecord extends RouterRecord>(record: TRecord & CheckedNames<keyof TRecord>): TaskRouter<TRecord>;
}

/** Any name where no names were given. */
type QueueOf<TQueue extends string> = [TQueue] extends [never] ? string : TQueue;

type WireOf<TTransformer> = [TTransformer] extends [Transformer] ? "transformer" : "json";

/** Starts contracts. */
export interface InitTasks {
  /** Fixes what all tasks of one contract share. */
  create<const TQueue extends string = "default", TTransformer extends Transformer | undefined = undefined>(
    options?: InitOptions<TQueue, TTransformer>,
  ): TaskContract<WireOf<TTransformer>, QueueOf<TQueue>>;
}

const INIT_OPTIONS = ["transformer", "queues", "defaults"];

function createContract(options: InitOptions = {}): TaskContract<Wire, string> {
  checkOptionNames(options, "initTasks.create()", INIT_OPTIONS);
  const { transformer, defaults = {} } = options;
  const queues = parseQueues(options.queues);
  const config = {
    codec: transformer === undefined ? jsonCodec : transformerCodec(transformer),
    queues,
    defaults: mergeOptions(BUILT_IN_OPTIONS, parseOptions(defaults, "defaults", queues)),
  };
  return {
    task: taskBuilder({ config, input: null, output: null, options: {} }),
    router: (record) => {
      const checked = checkedRouterRecord(record);
      return Object.freeze({ ...checked, "~router": checked }) as TaskRouter<typeof record>;
    },
  };
}

/** Starts a contract: `const t = initTasks.create()`. */
export const initTasks: InitTasks = { create: createContract as InitTasks["create"] };
