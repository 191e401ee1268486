import { checkOptionNames, type Duration, durationToMs, TaskError } from "@taskwright/shared";
import type { EnqueuedTask } from "./enqueued-task.ts";
import { matchesPartly } from "./partial-match.ts";
import { readTime } from "./test-clock.ts";

/** What else `toHaveEnqueued()` is told of the tasks that it is to find. */
export interface EnqueuedOptions {
  readonly queue?: string;
  readonly priority?: number;
  /** When it is to run, as exactly as `tolerance` says. */
  readonly runAfter?: Date | string;
  /** @default "1s" */
  readonly tolerance?: Duration;
  /** Just so many. @default one or more */
  readonly times?: number;
}

/** What the matcher asks of the test runner. */
export interface MatcherState {
  readonly isNot: boolean;
  readonly utils: {
    readonly stringify: (value: unknown, depth: number, options: { readonly min: true }) => string;
  };
}

const OPTIONS: readonly (keyof EnqueuedOptions)[] = ["queue", "priority", "runAfter", "tolerance", "times"];
const DEFAULT_TOLERANCE = "1s";
/** How many a message shows. */
const MOST_SHOWN = 20;
const DEEPEST_SHOWN = 6;

function invalid(message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message });
}

/** What was enqueued where a test looks; throws INVALID_OPTION for what is neither. */
function allEnqueued(received: unknown): readonly EnqueuedTask[] {
  const given = received as {
    readonly enqueued?: unknown;
    readonly results?: unknown;
  } | null;
  if (typeof given?.enqueued === "function") return given.enqueued();
  if (Array.isArray(given?.results)) return given.results;
  throw invalid("expect(…).toHaveEnqueued() takes a server made by createTestServer(), or a dummyBackend().");
}

/** Throws UNKNOWN_TASK, as a misspelt path would make every `not` pass. */
function checkPath(received: unknown, path: unknown): asserts path is string {
  if (typeof path !== "string") throw invalid("toHaveEnqueued() takes the path of a task first.");
  const { enqueued } = received as { readonly enqueued?: (path: string) => unknown };
  enqueued?.(path);
}

function isAsTold(task: EnqueuedTask, options: EnqueuedOptions): boolean {
  const { queue, priority, runAfter, tolerance = DEFAULT_TOLERANCE } = options;
  if (queue !== undefined && task.queue !== queue) return false;
  if (priority !== undefined && task.priority !== priority) return false;
  if (runAfter === undefined) return true;
  const difference = Math.abs(task.runAfter.getTime() - readTime(runAfter, "runAfter"));
  return difference <= durationToMs(tolerance, "tolerance");
}

function checkOptions(options: EnqueuedOptions): void {
  checkOptionNames(options, "toHaveEnqueued()", OPTIONS);
  const { runAfter, tolerance, times } = options;
  if (runAfter !== undefined) readTime(runAfter, "runAfter");
  if (tolerance !== undefined) {
    durationToMs(tolerance, "tolerance");
    if (runAfter === undefined)
      throw invalid("tolerance of toHaveEnqueued() is that of runAfter; give both.");
  }
  if (times !== undefined && !(Number.isSafeInteger(times) && times >= 0))
    throw invalid(`times of toHaveEnqueued() must be a whole number of 0 or more.`);
}

function line(task: EnqueuedTask, stringify: (value: unknown) => string): string {
  const { path, input, queue, priority, runAfter, status } = task;
  const shown = input === undefined ? "" : ` ${stringify(input)}`;
  return `  ${path}${shown} (${status}, queue ${queue}, priority ${priority}, runAfter ${runAfter.toISOString()})`;
}

function list(tasks: readonly EnqueuedTask[], stringify: (value: unknown) => string): string {
  if (tasks.length === 0) return "Nothing was enqueued.";
  const lines = tasks.slice(0, MOST_SHOWN).map((task) => line(task, stringify));
  if (tasks.length > MOST_SHOWN) lines.push(`  … and ${tasks.length - MOST_SHOWN} more`);
  return `Enqueued were:\n${lines.join("\n")}`;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

/** Whether a task was enqueued, with a message that shows what was: `expect(server).toHaveEnqueued(path, input, options)`. */
export function toHaveEnqueued(
  this: MatcherState,
  received: unknown,
  ...[path, input, options = {}]: readonly [path: unknown, input?: unknown, options?: EnqueuedOptions]
): { readonly pass: boolean; readonly message: () => string } {
  const all = allEnqueued(received);
  checkPath(received, path);
  checkOptions(options);
  const found = all.filter(
    (task) =>
      task.path === path &&
      (input === undefined || matchesPartly(task.input, input)) &&
      isAsTold(task, options),
  );
  const stringify = (value: unknown) => this.utils.stringify(value, DEEPEST_SHOWN, { min: true });
  const { times: wanted, ...told } = options;
  const what = [
    path,
    ...(input === undefined ? [] : [stringify(input)]),
    ...(Object.keys(told).length === 0 ? [] : [`with ${stringify(told)}`]),
    ...(wanted === undefined ? [] : [times(wanted)]),
  ].join(" ");
  const was = found.length === 0 ? "it was not" : `it was ${times(found.length)}`;
  return {
    pass: wanted === undefined ? found.length > 0 : found.length === wanted,
    message: () =>
      `expected ${this.isNot ? "not " : ""}to have enqueued ${what}, but ${was}.\n\n${list(all, stringify)}`,
  };
}
