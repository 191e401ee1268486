import {
  type CallOptions,
  checkAllowedOptions,
  didYouMean,
  type SharedOptions,
  TaskError,
  type TaskResult,
} from "@taskwright/shared";

/** The options of a call that `allowOptions` can name. */
export type AllowableOption = keyof SharedOptions | "countdown" | "eta" | "runAfter";

/** What callers may do, as `createTaskRouter()` was told; contexts are those of its procedure. */
export interface CallerRights<TContext> {
  /**
   * Which options a caller may set.
   * @default ["countdown", "eta"]
   */
  readonly allowOptions?: readonly AllowableOption[];
  /**
   * Names who calls, such as by the user's id; null for nobody in particular. Deduplication ids and request keys of one
   * scope mean nothing in another.
   */
  readonly scope?: (ctx: TContext) => string | null | Promise<string | null>;
  /** Tags of what a caller enqueues, beside those that it may set itself, so that `canRead` can go by them. */
  readonly tags?: (ctx: TContext) => readonly string[] | Promise<readonly string[]>;
  /** Whether a caller may read a task result. @default no one reads any */
  readonly canRead?: (ctx: TContext, result: TaskResult) => boolean | Promise<boolean>;
  /** Whether a caller who may read a task result may cancel it as well. @default every one who may read it */
  readonly canCancel?: (ctx: TContext, result: TaskResult) => boolean | Promise<boolean>;
}

const OPTION_NAMES: readonly AllowableOption[] = [
  "queue",
  "backend",
  "priority",
  "maxRetries",
  "retryDelay",
  "backoff",
  "timeout",
  "expires",
  "deduplicated",
  "deduplicationId",
  "deduplicationWindow",
  "tags",
  "countdown",
  "eta",
  "runAfter",
];
const BY_DEFAULT: readonly AllowableOption[] = ["countdown", "eta"];

function invalid(option: string, message: string): TaskError {
  return new TaskError({
    code: "INVALID_OPTION",
    message: `createTaskRouter(): ${message}`,
    data: { option },
  });
}

/** Throws INVALID_OPTION for rights that cannot be meant. */
export function checkRights(rights: CallerRights<never>): void {
  for (const name of ["scope", "tags", "canRead", "canCancel"] as const) {
    const given: unknown = rights[name];
    if (given !== undefined && typeof given !== "function")
      throw invalid(name, `${name} must be a function; got ${typeof given}.`);
  }
  const { allowOptions = BY_DEFAULT } = rights;
  if (!Array.isArray(allowOptions))
    throw invalid(
      "allowOptions",
      'allowOptions must be an array of names, such as ["countdown", "priority"].',
    );
  for (const name of allowOptions) {
    if (OPTION_NAMES.includes(name)) continue;
    const named = String(name).slice(0, 60);
    throw invalid(
      "allowOptions",
      `allowOptions names "${named}", which is no option of a call.${didYouMean(named, OPTION_NAMES)}`,
    );
  }
  if (allowOptions.includes("deduplicationId") && rights.scope === undefined)
    throw invalid(
      "allowOptions",
      "allowOptions has deduplicationId, which needs scope: without it callers would get one another's task results.",
    );
}

/** Names who calls; null for nobody in particular. */
export async function scopeOf(rights: CallerRights<unknown>, ctx: unknown): Promise<string | null> {
  const scope = (await rights.scope?.(ctx)) ?? null;
  if (scope === null || (typeof scope === "string" && scope !== "")) return scope;
  throw new TaskError({
    code: "INTERNAL_ERROR",
    message: `scope must give a non-empty string, or null for nobody in particular; got ${scope === "" ? "an empty one" : typeof scope}.`,
  });
}

/** The options of a call as the engine takes them; rejects with FORBIDDEN for one that the caller may not set. */
export async function permittedOptions(
  rights: CallerRights<unknown>,
  facts: {
    readonly ctx: unknown;
    readonly options: Readonly<Record<string, unknown>>;
    readonly scope: string | null;
    readonly sha256: (text: string) => string;
  },
): Promise<CallOptions> {
  const { allowOptions = BY_DEFAULT } = rights;
  const { options, scope } = facts;
  checkAllowedOptions(options, allowOptions);
  const permitted: Record<string, unknown> = { ...options };
  const { deduplicationId, tags } = options;
  if (typeof deduplicationId === "string") {
    if (scope === null)
      throw new TaskError({
        code: "FORBIDDEN",
        message: "deduplicationId needs a caller who is known.",
        data: { option: "deduplicationId" },
      });
    permitted.deduplicationId = facts.sha256(`scope\0${scope}\0${deduplicationId}`);
  }
  if (rights.tags !== undefined) {
    const own = await rights.tags(facts.ctx);
    permitted.tags = Array.isArray(tags) ? [...tags, ...own] : own;
  }
  return permitted;
}
