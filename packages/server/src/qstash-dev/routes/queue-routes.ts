import { badRequest } from "../engine/api-error.ts";
import type { QueueRecord } from "../engine/queues.ts";
import { jsonObject, param, type Route, type RouteCall, type RouteReply } from "./route.ts";

function view({ engine }: RouteCall, queue: QueueRecord): Record<string, unknown> {
  return { ...queue, lag: engine.waiting(({ queueName }) => queueName === queue.name) };
}

function upsert(call: RouteCall): RouteReply {
  const { queueName, parallelism, paused } = jsonObject(call);
  if (typeof queueName !== "string") throw badRequest("queueName must be a string.");
  if (parallelism !== undefined && !(Number.isInteger(parallelism) && Number(parallelism) >= 1)) {
    throw badRequest("parallelism must be a whole number of 1 or more.");
  }
  if (paused !== undefined && typeof paused !== "boolean") throw badRequest("paused must be true or false.");
  const { engine } = call;
  engine.queues.upsert(queueName, engine.clock.now(), {
    ...(parallelism === undefined ? {} : { parallelism: Number(parallelism) }),
    ...(paused === undefined ? {} : { paused }),
  });
  engine.dispatcher.wake();
  return {};
}

function setPaused(call: RouteCall, paused: boolean): RouteReply {
  const { engine } = call;
  const { name } = engine.queues.get(param(call, "queueName"));
  engine.queues.upsert(name, engine.clock.now(), { paused });
  engine.dispatcher.wake();
  return {};
}

function remove(call: RouteCall): RouteReply {
  const { engine } = call;
  const name = param(call, "queueName");
  engine.queues.get(name);
  for (const message of engine.messages.values()) {
    if (message.queueName === name) engine.cancel(message);
  }
  engine.queues.delete(name);
  return {};
}

/** Routes of queues. */
export const QUEUE_ROUTES: readonly Route[] = [
  { method: "POST", path: "/v2/queues", handle: upsert },
  {
    method: "GET",
    path: "/v2/queues",
    handle: (call) => ({ body: call.engine.queues.list().map((queue) => view(call, queue)) }),
  },
  {
    method: "GET",
    path: "/v2/queues/:queueName",
    handle: (call) => ({ body: view(call, call.engine.queues.get(param(call, "queueName"))) }),
  },
  { method: "DELETE", path: "/v2/queues/:queueName", handle: remove },
  { method: "POST", path: "/v2/queues/:queueName/pause", handle: (call) => setPaused(call, true) },
  { method: "POST", path: "/v2/queues/:queueName/resume", handle: (call) => setPaused(call, false) },
];
