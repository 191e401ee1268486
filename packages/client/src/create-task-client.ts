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

const ELSEWHERE =
  "createTaskClient() of @taskwright/client takes { transport }; to enqueue into a backend, use createTaskClient(tasks, { backend }) of @taskwright/server.";

function isMeantForServer(words: readonly unknown[]): boolean {
  return words.some(
    (word) =>
      typeof word === "object" &&
      word !== null &&
      ["~router", "backend", "backends"].some((name) => name in word),
  );
}

/** Not here: that client is the one of `@taskwright/server`. */
export function createTaskClient(
  tasks: AnyRouter,
  options: "createTaskClient(tasks, { backend }) is in @taskwright/server; here it takes { transport }",
): never;
/** Makes the typed client of a router, of which it needs the type only: `createTaskClient<typeof tasks>({ transport })`. */
export function createTaskClient<TRouter extends AnyRouter>(options: ClientOptions): TaskClient<TRouter>;
export function createTaskClient(...words: readonly unknown[]): unknown {
  if (isMeantForServer(words)) throw new TaskError({ code: "INVALID_OPTION", message: ELSEWHERE });
  const options = words[0] as ClientOptions;
  checkOptionNames(options, "createTaskClient()", ["transport"]);
  if (typeof options.transport?.enqueue !== "function") {
    throw new TaskError({ code: "INVALID_OPTION", message: "createTaskClient() needs a transport." });
  }
  return taskClient(options.transport);
}
