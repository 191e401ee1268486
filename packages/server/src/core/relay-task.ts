import {
  type AnyTask,
  initTasks,
  type Task,
  TaskError,
  type TaskRouter,
  tasksByPath,
} from "@taskwright/shared";

/** What a client calls the built-in task by. */
export type RelayRouter = TaskRouter<{
  taskwright: TaskRouter<{ relay: Task<void, void, void, void, string> }>;
}>;

/** The path of the built-in task that relays outboxes. */
export const RELAY_PATH = "taskwright.relay";

/** The queue of a contract's built-in tasks: "default", or its first where it has none of that name. */
function queueOf(tasks: Iterable<AnyTask>): string {
  for (const task of tasks) {
    const { queues } = task["~task"].config;
    if (queues === "any" || queues.has("default")) return "default";
    return [...queues][0] ?? "default";
  }
  return "default";
}

/** A contract's tasks by path, with the one that relays outboxes; throws INVALID_CONTRACT where a task has its path. */
export function withRelayTask(tasks: ReadonlyMap<string, AnyTask>): ReadonlyMap<string, AnyTask> {
  if (tasks.has(RELAY_PATH)) {
    throw new TaskError({
      code: "INVALID_CONTRACT",
      message: `${RELAY_PATH} is the path of the built-in task that relays outboxes; call yours something else.`,
    });
  }
  const t = initTasks.create({ queues: [queueOf(tasks.values())] });
  const options = { queue: queueOf(tasks.values()), label: "Relay outboxes", retryDelay: "5s" } as const;
  const router: RelayRouter = t.router({ taskwright: t.router({ relay: t.task.options(options) }) });
  return new Map([...tasks, ...tasksByPath(router)]);
}
