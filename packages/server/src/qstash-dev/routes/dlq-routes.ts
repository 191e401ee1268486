import type { DeadLetterQuery } from "../engine/dead-letters.ts";
import { overriddenOptions } from "../engine/delivery-options.ts";
import { readCount, readFilter } from "../engine/message-filter.ts";
import type { DeadLetter } from "../engine/message-record.ts";
import { deadLetterView } from "../engine/message-view.ts";
import { param, queryAndBody, type Route, type RouteCall, type RouteReply, readCursor } from "./route.ts";

function read(query: URLSearchParams): DeadLetterQuery {
  return {
    dlqIds: query.getAll("dlqIds"),
    filter: readFilter(query, "deadLetters"),
    count: readCount(query, 100),
    cursor: readCursor(query),
    isLatestFirst: query.get("order") === "latestFirst",
  };
}

/** Sends a message anew, under another id, and with other options where the request says so. */
function retry({ engine, headers }: RouteCall, { dlqId, message }: DeadLetter): { messageId: string } {
  const { url, body, kind, topicName, endpointName, queueName, scheduleId, callerIp } = message;
  const before = { ...message.options, delayMs: 0, notBefore: null };
  const options = overriddenOptions(before, headers, engine.limits);
  engine.publisher.checkRoom(1, body.length);
  const created = engine.publisher.create({
    ...{ url, body, kind, topicName, endpointName, queueName, scheduleId, callerIp },
    options,
  });
  engine.deadLetters.delete(dlqId);
  return { messageId: created.id };
}

function retryMany(call: RouteCall): RouteReply {
  const { letters, cursor } = call.engine.deadLetters.page(read(queryAndBody(call)));
  return { body: { responses: letters.map((letter) => retry(call, letter)), cursor } };
}

function deleteMany(call: RouteCall): RouteReply {
  const { letters, cursor } = call.engine.deadLetters.page(read(queryAndBody(call)));
  for (const { dlqId } of letters) call.engine.deadLetters.delete(dlqId);
  return { body: { deleted: letters.length, cursor } };
}

/** Routes of the DLQ. */
export const DLQ_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v2/dlq",
    handle: ({ engine, query }) => {
      const { letters, cursor } = engine.deadLetters.page(read(query));
      return { body: { messages: letters.map(deadLetterView), cursor } };
    },
  },
  {
    method: "GET",
    path: "/v2/dlq/:dlqId",
    handle: (call) => ({ body: deadLetterView(call.engine.deadLetters.get(param(call, "dlqId"))) }),
  },
  {
    method: "DELETE",
    path: "/v2/dlq/:dlqId",
    handle: (call) => {
      call.engine.deadLetters.delete(param(call, "dlqId"));
      return {};
    },
  },
  { method: "DELETE", path: "/v2/dlq", handle: deleteMany },
  { method: "POST", path: "/v2/dlq/retry", handle: retryMany },
  {
    method: "POST",
    path: "/v2/dlq/retry/:dlqId",
    handle: (call) => ({ body: retry(call, call.engine.deadLetters.get(param(call, "dlqId"))) }),
  },
];
