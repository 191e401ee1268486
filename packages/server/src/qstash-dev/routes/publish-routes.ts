import { ApiError, badRequest } from "../engine/api-error.ts";
import { jsonBody, param, type Route, type RouteCall, type RouteReply } from "./route.ts";

const MOST_ITEMS = 1_000;

interface BatchItem {
  readonly destination: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly queueName: string | null;
}

function publish(call: RouteCall, queueName: string | null): RouteReply {
  const { engine, headers, body, callerIp } = call;
  return engine.publisher.publish({
    destination: param(call, "destination"),
    headers,
    body,
    queueName,
    callerIp,
  });
}

function readItem(item: unknown): BatchItem {
  const { destination, headers = {}, body = "", queue = null } = (item ?? {}) as Record<string, unknown>;
  if (typeof destination !== "string") throw badRequest("Each item of a batch needs a destination.");
  if (typeof body !== "string") throw badRequest("The body of an item must be a string.");
  if (queue !== null && typeof queue !== "string") throw badRequest("The queue of an item must be a name.");
  if (typeof headers !== "object" || headers === null)
    throw badRequest("The headers of an item must be an object.");
  const list = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
  try {
    return {
      destination,
      headers: new Headers(list),
      body: new TextEncoder().encode(body),
      queueName: queue,
    };
  } catch {
    throw badRequest("A header of an item has a name or value that HTTP does not allow.");
  }
}

function batch(call: RouteCall): RouteReply {
  const items = jsonBody(call);
  if (!Array.isArray(items)) throw badRequest("A batch is a JSON array.");
  if (items.length > MOST_ITEMS) throw badRequest(`A batch has at most ${MOST_ITEMS} items.`);
  // One bad item fails only itself.
  const answers = items.map((item: unknown) => {
    try {
      return call.engine.publisher.publish({ ...readItem(item), callerIp: call.callerIp }).body;
    } catch (error) {
      if (error instanceof ApiError) return { error: error.message };
      throw error;
    }
  });
  return { body: answers };
}

/** Routes that bring messages. */
export const PUBLISH_ROUTES: readonly Route[] = [
  {
    method: "POST",
    path: "/v2/publish/*destination",
    body: "message",
    handle: (call) => publish(call, null),
  },
  {
    method: "POST",
    path: "/v2/enqueue/:queueName/*destination",
    body: "message",
    handle: (call) => publish(call, param(call, "queueName")),
  },
  { method: "POST", path: "/v2/batch", body: "batch", handle: batch },
];
