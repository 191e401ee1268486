import { DLQ_ROUTES } from "./dlq-routes.ts";
import { FLOW_CONTROL_ROUTES } from "./flow-control-routes.ts";
import { KEY_ROUTES } from "./key-routes.ts";
import { MESSAGE_ROUTES } from "./message-routes.ts";
import { PUBLISH_ROUTES } from "./publish-routes.ts";
import { QUEUE_ROUTES } from "./queue-routes.ts";
import type { Route } from "./route.ts";
import { SCHEDULE_ROUTES } from "./schedule-routes.ts";
import { URL_GROUP_ROUTES } from "./url-group-routes.ts";

/** All that the server answers, in the order in which routes are tried. */
export const ROUTES: readonly Route[] = [
  ...PUBLISH_ROUTES,
  ...MESSAGE_ROUTES,
  ...QUEUE_ROUTES,
  ...SCHEDULE_ROUTES,
  ...URL_GROUP_ROUTES,
  ...DLQ_ROUTES,
  ...FLOW_CONTROL_ROUTES,
  ...KEY_ROUTES,
];

/** A route that fits a request. */
export interface MatchedRoute {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What a path has where the pattern names it; undefined when it does not fit. */
function paramsOf(pattern: string, path: string, query: string): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  const parts = path.split("/");
  const names = pattern.split("/");
  for (const [index, name] of names.entries()) {
    if (name.startsWith("*")) {
      const rest = parts.slice(index).join("/");
      if (rest === "") return undefined;
      params[name.slice(1)] = rest + query;
      return params;
    }
    const part = parts[index];
    if (part === undefined || (name.startsWith(":") ? part === "" : part !== name)) return undefined;
    if (name.startsWith(":")) params[name.slice(1)] = decoded(part);
  }
  return parts.length === names.length ? params : undefined;
}

/** Finds the route of a request by its raw target, `/v2/publish/https://example.com/?a=b`. */
export function matchRoute(method: string, target: string): MatchedRoute | undefined {
  const queryAt = target.indexOf("?");
  const path = queryAt < 0 ? target : target.slice(0, queryAt);
  const query = queryAt < 0 ? "" : target.slice(queryAt);
  for (const route of ROUTES) {
    if (route.method !== method) continue;
    const params = paramsOf(route.path, path, query);
    if (params !== undefined) return { route, params };
  }
  return undefined;
}
