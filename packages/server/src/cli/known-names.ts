import { type AnyRouter, didYouMean } from "@taskwright/shared";
import type { TaskServer } from "../create-task-server.ts";
import { UsageError } from "./cli-error.ts";

/** Queues that the contract declares; "any" where it leaves them open. */
function declaredQueues(server: TaskServer<AnyRouter>): ReadonlySet<string> | "any" {
  const names = new Set<string>();
  for (const { queues } of server["~engine"].tasks.values()) {
    if (queues === "any") return "any";
    for (const queue of queues) names.add(queue);
  }
  return names;
}

/** Throws UsageError, with the nearest name, for a queue that the contract does not declare. */
export function checkQueue(server: TaskServer<AnyRouter>, queue: string): void {
  const declared = declaredQueues(server);
  if (declared === "any" || declared.has(queue)) return;
  throw new UsageError(
    `The contract declares no queue "${queue.slice(0, 100)}".${didYouMean(queue, declared)} It has ${[...declared].join(", ")}.`,
  );
}

/** Throws UsageError, with the nearest path, for a task that the contract does not have. */
export function checkTask(server: TaskServer<AnyRouter>, path: string): void {
  const { tasks } = server["~engine"];
  if (tasks.has(path)) return;
  throw new UsageError(
    `The contract has no task "${path.slice(0, 200)}".${didYouMean(path, tasks.keys())} \`taskwright tasks\` lists them.`,
  );
}
