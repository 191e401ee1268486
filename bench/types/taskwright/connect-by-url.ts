import { createTaskClient } from "@taskwright/client";
import type { AnyRouter, TaskClient } from "@taskwright/shared";
import superjson from "superjson";

/** Makes a client that is type-checked and never runs. */
export function connect<TRouter extends AnyRouter>(): TaskClient<TRouter> {
  return createTaskClient<TRouter>({ url: "/trpc", transformer: superjson });
}
