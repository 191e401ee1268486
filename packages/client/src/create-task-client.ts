import {
  type AnyRouter,
  checkOptionNames,
  type TaskClient,
  TaskError,
  type TaskTransport,
  taskClient,
} from "@taskwright/shared";

/** What {@link createTaskClient} takes. */
export interface ClientOptions {
  /** Carries the calls to a server. */
  readonly transport: TaskTransport;
}

/** Makes the typed client of a router, of which it needs the type only: `createTaskClient<typeof tasks>({ transport })`. */
export function createTaskClient<TRouter extends AnyRouter>(options: ClientOptions): TaskClient<TRouter> {
  checkOptionNames(options, "createTaskClient()", ["transport"]);
  if (typeof options.transport?.enqueue !== "function") {
    throw new TaskError({ code: "INVALID_OPTION", message: "createTaskClient() needs a transport." });
  }
  return taskClient<TRouter>(options.transport);
}
