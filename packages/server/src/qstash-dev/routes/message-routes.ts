import { notFound } from "../engine/api-error.ts";
import { readCount, readFilter } from "../engine/message-filter.ts";
import { messageView } from "../engine/message-view.ts";
import { param, queryAndBody, type Route, type RouteCall, type RouteReply, readCursor } from "./route.ts";

function cancelMany(call: RouteCall): RouteReply {
  const { engine } = call;
  const query = queryAndBody(call);
  const filter = readFilter(query, "messages");
  const most = filter.ids === null ? readCount(query, 1_000) : filter.ids.size;
  const meant = engine.messages
    .values()
    .filter((message) => filter.matches(message, { at: message.createdAt }))
    .slice(0, most);
  for (const message of meant) engine.cancel(message);
  return { body: { cancelled: meant.length } };
}

function events({ engine, query }: RouteCall) {
  return engine.events.page(readFilter(query, "logs"), {
    count: readCount(query, 1_000),
    cursor: readCursor(query),
    isEarliestFirst: query.get("order") === "earliestFirst",
  });
}

/** Routes of messages that wait, and of what happened to them. */
export const MESSAGE_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v2/messages/:messageId",
    handle: (call) => {
      const message = call.engine.messages.get(param(call, "messageId"));
      if (message === undefined) throw notFound("No message of this id waits: it is unknown, or has ended.");
      return { body: messageView(message) };
    },
  },
  {
    method: "DELETE",
    path: "/v2/messages/:messageId",
    handle: (call) => {
      const message = call.engine.messages.get(param(call, "messageId"));
      if (message === undefined) throw notFound("No message of this id waits: it is unknown, or has ended.");
      call.engine.cancel(message);
      return { body: { cancelled: 1 } };
    },
  },
  { method: "DELETE", path: "/v2/messages", handle: cancelMany },
  { method: "GET", path: "/v2/events", handle: (call) => ({ body: events(call) }) },
  {
    method: "GET",
    path: "/v2/logs",
    handle: (call) => {
      const page = events(call);
      return { body: { ...page, logs: page.events } };
    },
  },
];
