import { type FinishedStatus, isTaskError, type TaskResult } from "@taskwright/shared";
import type { Executor } from "../core/executor.ts";
import { checkKnownQueues } from "../core/known-queues.ts";
import type { AnyTaskServer } from "../create-task-server.ts";
import type { HttpPermission } from "./http-auth.ts";
import { errorResponse, jsonResponse } from "./json-response.ts";
import { RequestParameters } from "./request-parameters.ts";

const DEFAULT_MAX_TASKS = 10;
const MOST_TASKS = 100;
const LONGEST_DAYS = 36_500;

/** A server as endpoints use it. */
export type ServerWithExecutor = AnyTaskServer & { readonly executor: Executor };

/** One endpoint below the base path. */
export interface TaskRoute {
  readonly method: "GET" | "POST";
  /** Names of the path; `:id` is that of a task result. */
  readonly path: string;
  readonly permission: HttpPermission;
  readonly answer: (server: ServerWithExecutor, request: Request, id: string) => Promise<Response>;
}

function brief({ id, status, path }: TaskResult): { id: string; status: string; taskPath: string } {
  return { id, status, taskPath: path };
}

/** The queue and backend that a call names; "default" where it names no backend, as in django-database-task. */
function targetOf(parameters: RequestParameters): { readonly backend: string; readonly queue?: string } {
  const queue = parameters.text("queueName");
  return { backend: parameters.text("backendName") ?? "default", ...(queue === undefined ? {} : { queue }) };
}

/** Does what workers do beside their tasks, for programs where none stays up and a cron service calls instead. */
async function keepUp(server: ServerWithExecutor, backend: string, signal: AbortSignal): Promise<void> {
  const { executor } = server;
  const { backend: store, relay } = server["~engine"].backend(backend);
  if (store.maintenance !== undefined) await executor.sweep({ backend });
  if (relay !== null) await executor.relay({ backend, signal });
  if (store.schedules?.due !== undefined) await executor.runSchedules({ backend, signal });
}

/** Runs due task results; stops when the caller has gone. */
async function run(server: ServerWithExecutor, request: Request): Promise<Response> {
  const parameters = await RequestParameters.ofBody(request, ["maxTasks", "queueName", "backendName"]);
  const maxTasks =
    parameters.number("maxTasks", { min: 1, max: MOST_TASKS, isWhole: true }) ?? DEFAULT_MAX_TASKS;
  const target = targetOf(parameters);
  const { signal } = request;
  checkKnownQueues(server["~engine"], target.queue === undefined ? [] : [target.queue]);
  await keepUp(server, target.backend, signal);
  const done = await server.executor.processTasks({ ...target, maxTasks, signal });
  const results = done.map(brief);
  return jsonResponse(200, { processed: results.length, results });
}

async function runOne({ executor }: ServerWithExecutor, request: Request): Promise<Response> {
  const parameters = await RequestParameters.ofBody(request, ["queueName", "backendName"]);
  const done = await executor.processOneTask({ ...targetOf(parameters), signal: request.signal });
  return jsonResponse(200, { processed: done !== null, result: done === null ? null : brief(done) });
}

async function execute({ executor }: ServerWithExecutor, request: Request, id: string): Promise<Response> {
  const parameters = await RequestParameters.ofBody(request, ["allowRetry", "backendName"]);
  const backend = parameters.text("backendName");
  try {
    const result = await executor.runTaskById(id, {
      allowRetry: parameters.boolean("allowRetry") ?? false,
      signal: request.signal,
      ...(backend === undefined ? {} : { backend }),
    });
    return jsonResponse(200, { task: brief(result) });
  } catch (error) {
    // The status that django-tasks-redis answers with.
    if (isTaskError(error, "NOT_EXECUTABLE")) return errorResponse(400, error);
    throw error;
  }
}

async function purge({ executor }: ServerWithExecutor, request: Request): Promise<Response> {
  const parameters = await RequestParameters.ofBody(request, [
    "days",
    "status",
    "batchSize",
    "dryRun",
    "backendName",
  ]);
  const days = parameters.number("days", { min: 0, max: LONGEST_DAYS, isWhole: false });
  const status = parameters.list("status") as readonly FinishedStatus[] | undefined;
  const batchSize = parameters.number("batchSize", { min: 1, max: 100_000, isWhole: true });
  const backend = parameters.text("backendName");
  const deleted = await executor.purge({
    dryRun: parameters.boolean("dryRun") ?? false,
    ...(days === undefined ? {} : { days }),
    ...(status === undefined ? {} : { status }),
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(backend === undefined ? {} : { backend }),
  });
  return jsonResponse(200, { deleted });
}

async function status({ executor }: ServerWithExecutor, request: Request): Promise<Response> {
  const parameters = RequestParameters.ofQuery(request, ["queueName", "backendName"]);
  return jsonResponse(200, { pendingCount: await executor.pendingTaskCount(targetOf(parameters)) });
}

async function statusOf({ executor }: ServerWithExecutor, request: Request, id: string): Promise<Response> {
  const backend = RequestParameters.ofQuery(request, ["backendName"]).text("backendName");
  const result = await executor.getResult(id, backend === undefined ? {} : { backend });
  return jsonResponse(200, { task: result.toJSON() });
}

/** The endpoints of django-database-task and django-tasks-redis. */
export const TASK_ROUTES: readonly TaskRoute[] = [
  { method: "POST", path: "run", permission: "run", answer: run },
  { method: "POST", path: "run-one", permission: "run", answer: runOne },
  { method: "POST", path: "execute/:id", permission: "execute", answer: execute },
  { method: "GET", path: "status", permission: "status", answer: status },
  { method: "GET", path: "status/:id", permission: "status", answer: statusOf },
  { method: "POST", path: "purge", permission: "purge", answer: purge },
];
