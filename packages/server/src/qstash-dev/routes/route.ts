import { badRequest } from "../engine/api-error.ts";
import type { QstashEngine } from "../engine/engine.ts";

/** A request of which route and token are known, and the body is read. */
export interface RouteCall {
  readonly engine: QstashEngine;
  /** What stands in the path where the route has `:name`; for `*name` all that follows, the query included. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly callerIp: string;
}

/** What a route answers: 200 and `{}` where nothing else is said. */
export interface RouteReply {
  readonly status?: number;
  readonly body?: unknown;
}

/** One operation of the API. */
export interface Route {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** As `/v2/queues/:queueName/pause` or `/v2/publish/*destination`. */
  readonly path: string;
  /** How long its body may be: one message, a batch of them, or a few settings. */
  readonly body?: "message" | "batch";
  /** Synchronous, so that it is stored as a whole or not at all. */
  handle(call: RouteCall): RouteReply;
}

/** A parameter that the route's path surely has. */
export function param({ params }: RouteCall, name: string): string {
  return params[name] ?? "";
}

/** The body as JSON; throws ApiError. */
export function jsonBody({ body }: RouteCall): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw badRequest("The body must be JSON in UTF-8.");
  }
}

/** The body as a JSON object; throws ApiError. */
export function jsonObject(call: RouteCall): Readonly<Record<string, unknown>> {
  const value = jsonBody(call);
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw badRequest("The body must be a JSON object.");
}

/** The query, and what a JSON body says in its place, as older clients do. */
export function queryAndBody(call: RouteCall): URLSearchParams {
  const query = new URLSearchParams(call.query);
  if (call.body.length === 0) return query;
  for (const [name, value] of Object.entries(jsonObject(call))) {
    for (const one of [value].flat()) {
      if (one !== null && one !== undefined) query.append(name, String(one));
    }
  }
  return query;
}

/** A cursor as listings give it out; throws ApiError. */
export function readCursor(query: URLSearchParams): number | null {
  const text = query.get("cursor");
  if (text === null || text === "") return null;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw badRequest("cursor must be one that a listing has given out.");
}
