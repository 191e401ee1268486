import {
  type AnyTask,
  initTasks,
  type Task,
  TaskError,
  type TaskRouter,
  tasksByPath,
} from "@taskwright/shared";
import * as z from "zod";

/** What the built-in task `taskwright.clearStaleResults` takes. */
export interface ClearStaleResultsInput {
  /** Only what finished this many seconds ago or longer; 0 for all. @default 604800 */
  readonly since?: number | undefined;
  /** One of the server's backends. @default all that keep task results */
  readonly backend?: string | undefined;
}

/** What the built-in task `taskwright.clearStaleResults` returns. */
export interface ClearedResults {
  readonly deleted: number;
}

/** Whether a contract's server has a built-in task; what it can do is up to its backends. */
export interface BuiltInNeeds {
  /** Some backend has an outbox. */
  readonly outbox: boolean;
  /** Some backend keeps task results that can be purged. */
  readonly maintenance: boolean;
}

type ClearStaleResults = Task<
  ClearStaleResultsInput | undefined,
  ClearStaleResultsInput | undefined,
  ClearedResults,
  ClearedResults,
  string
>;

/** What a client calls the built-in tasks by. */
export type BuiltInRouter = TaskRouter<{
  taskwright: TaskRouter<{
    relay: Task<void, void, void, void, string>;
    clearStaleResults: ClearStaleResults;
  }>;
}>;

/** The path of the built-in task that relays outboxes. */
export const RELAY_PATH = "taskwright.relay";

/** The path of the built-in task that deletes old SUCCESSFUL task results. */
export const CLEAR_STALE_RESULTS_PATH = "taskwright.clearStaleResults";

/** As far back as a purge can look. */
const LONGEST_SINCE_S = 36_500 * 86_400;

const WHAT_FOR: ReadonlyMap<string, string> = new Map([
  [RELAY_PATH, "relays outboxes"],
  [CLEAR_STALE_RESULTS_PATH, "deletes old task results"],
]);

/** Whether a path is that of a task which every server has, and no contract. */
export function isBuiltIn(path: string): boolean {
  return WHAT_FOR.has(path);
}

/** The queue of a contract's built-in tasks: "default", or its first where it has none of that name. */
function queueOf(tasks: Iterable<AnyTask>): string {
  for (const task of tasks) {
    const { queues } = task["~task"].config;
    if (queues === "any" || queues.has("default")) return "default";
    return [...queues][0] ?? "default";
  }
  return "default";
}

function builtInRouter(queue: string): BuiltInRouter {
  const t = initTasks.create({ queues: [queue] });
  return t.router({
    taskwright: t.router({
      relay: t.task.options({ queue, label: "Relay outboxes", retryDelay: "5s" }),
      clearStaleResults: t.task
        .input(
          z
            .object({
              since: z.number().min(0).max(LONGEST_SINCE_S).optional(),
              backend: z.string().max(100).optional(),
            })
            .optional(),
        )
        .output(z.object({ deleted: z.number() }))
        .options({ queue, label: "Cleanup Task Results" }),
    }),
  });
}

/** A contract's tasks by path, with the built-in ones; throws INVALID_CONTRACT where a task has the path of one. */
export function withBuiltInTasks(
  tasks: ReadonlyMap<string, AnyTask>,
  needs: BuiltInNeeds,
): ReadonlyMap<string, AnyTask> {
  const router = builtInRouter(queueOf(tasks.values()));
  const wanted = [...tasksByPath(router)].filter(([path]) =>
    path === RELAY_PATH ? needs.outbox : needs.maintenance,
  );
  for (const [path] of wanted) {
    if (!tasks.has(path)) continue;
    throw new TaskError({
      code: "INVALID_CONTRACT",
      message: `${path} is the path of the built-in task that ${WHAT_FOR.get(path)}; call yours something else.`,
    });
  }
  return new Map([...tasks, ...wanted]);
}
