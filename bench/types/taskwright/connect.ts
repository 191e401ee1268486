import { createTaskClient } from "@taskwright/client";
import type { AnyRouter, TaskClient, TaskTransport } from "@taskwright/shared";

/** Makes a client that is type-checked and never runs. */
export function connect<TRouter extends AnyRouter>(transport: TaskTransport): TaskClient<TRouter> {
  return createTaskClient<TRouter>({ transport });
}
