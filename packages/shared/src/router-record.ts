import { TaskError } from "./errors/task-error.ts";
import { checkOutputSchema } from "./output-schema.ts";
import { quoted } from "./quoted-name.ts";
import { checkTaskName, joinPath } from "./task-path.ts";
import type { AnyTask, RouterRecord } from "./task-types.ts";
import { isPlainObject, kindOf } from "./value-kind.ts";

function hasObject(value: unknown, key: string): boolean {
  if (typeof value !== "object" || value === null || !(key in value)) return false;
  const inner = (value as Readonly<Record<string, unknown>>)[key];
  return typeof inner === "object" && inner !== null;
}

/** Tells a task from a router. */
export function isTask(value: unknown): value is AnyTask {
  return hasObject(value, "~task");
}

function isRouter(value: unknown): value is { "~router": RouterRecord } {
  return hasObject(value, "~router");
}

function invalid(message: string): TaskError {
  return new TaskError({ code: "INVALID_CONTRACT", message });
}

function checkHasQueue(name: string, task: AnyTask): void {
  const { config, options } = task["~task"];
  const queue = options.queue ?? config.defaults.queue;
  if (config.queues === "any" || config.queues.has(queue)) return;
  throw invalid(
    `The task ${quoted(name)} names no queue, and the contract's queues have no ${quoted(queue)}: ` +
      `${[...config.queues].join(", ")}. Give one in .options({ queue }) or in initTasks.create({ defaults: { queue } }), ` +
      `or add ${quoted(queue)} to queues.`,
  );
}

/** Checks what `t.router()` was given and copies it; throws INVALID_CONTRACT. */
export function checkedRouterRecord(record: unknown): RouterRecord {
  if (!isPlainObject(record)) {
    const came =
      typeof record === "object" && record !== null && !Array.isArray(record)
        ? "one with another prototype (a __proto__ in an object literal sets it)"
        : kindOf(record);
    throw invalid(`t.router() takes a plain object of tasks and routers; got ${came}.`);
  }
  const checked: Record<string, RouterRecord[string]> = {};
  for (const [name, value] of Object.entries(record)) {
    checkTaskName(name, "");
    if (isTask(value)) {
      checkHasQueue(name, value);
      // Again: what the schema refers to may have been declared since the task was.
      checkOutputSchema(value["~task"].output, name);
    } else if (!isRouter(value)) {
      throw invalid(
        `${quoted(name)} is neither a task (t.task…) nor a router (t.router({ … })); got ${kindOf(value)}.`,
      );
    }
    checked[name] = value;
  }
  return Object.freeze(checked);
}

function collect(record: RouterRecord, parent: string, found: Map<string, AnyTask>): void {
  for (const [name, value] of Object.entries(record)) {
    checkTaskName(name, parent);
    const path = joinPath(parent, name);
    if (isTask(value)) found.set(path, value);
    else collect(value["~router"] as RouterRecord, path, found);
  }
}

/** Every task of a router by its path, in the order they were declared. */
export function tasksByPath(router: unknown): Map<string, AnyTask> {
  if (!isRouter(router)) {
    throw invalid(
      `Expected a router made by t.router({ … }) of @taskwright/shared; got ${isTask(router) ? "a task" : kindOf(router)}.`,
    );
  }
  const found = new Map<string, AnyTask>();
  collect(router["~router"], "", found);
  return found;
}
