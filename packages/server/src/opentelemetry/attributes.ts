import type { Attributes } from "@opentelemetry/api";

/** What spans of both kinds say of a task. */
interface TaskFacts {
  readonly path: string;
  readonly queue: string;
  readonly backend: string;
}

/** What spans of enqueues and of attempts have in common, by the conventions for messaging systems. */
export function messageAttributes(
  { path, queue, backend }: TaskFacts,
  operation: { readonly type: "send" | "process"; readonly name: string },
): Attributes {
  return {
    "messaging.system.name": "taskwright",
    // What it was called before, and what many tools read still.
    "messaging.system": "taskwright",
    "messaging.operation.type": operation.type,
    "messaging.operation.name": operation.name,
    "messaging.destination.name": queue,
    "taskwright.task": path,
    "taskwright.backend": backend,
  };
}
