import { badRequest } from "../engine/api-error.ts";
import type { GroupEndpoint } from "../engine/url-groups.ts";
import { jsonObject, param, type Route, type RouteCall, type RouteReply } from "./route.ts";

function readEndpoints(call: RouteCall): readonly Partial<GroupEndpoint>[] {
  const { endpoints } = jsonObject(call);
  if (!Array.isArray(endpoints)) throw badRequest("endpoints must be an array of { url, name }.");
  return endpoints.map((endpoint: unknown) => {
    const { url, name } = (endpoint ?? {}) as Record<string, unknown>;
    if ((url !== undefined && typeof url !== "string") || (name !== undefined && typeof name !== "string")) {
      throw badRequest("url and name of an endpoint must be strings.");
    }
    return { ...(url === undefined ? {} : { url }), ...(name === undefined ? {} : { name }) };
  });
}

function add(call: RouteCall): RouteReply {
  const endpoints = readEndpoints(call).map(({ url, name }) => {
    if (url === undefined) throw badRequest("An endpoint that is added needs a url.");
    return { url, ...(name === undefined ? {} : { name }) };
  });
  call.engine.groups.add(param(call, "name"), endpoints, call.engine.clock.now());
  return {};
}

function remove(call: RouteCall): RouteReply {
  call.engine.groups.remove(param(call, "name"), readEndpoints(call), call.engine.clock.now());
  return {};
}

/** Routes of url groups, which the API calls topics. */
export const URL_GROUP_ROUTES: readonly Route[] = [
  { method: "POST", path: "/v2/topics/:name/endpoints", handle: add },
  { method: "DELETE", path: "/v2/topics/:name/endpoints", handle: remove },
  { method: "GET", path: "/v2/topics", handle: ({ engine }) => ({ body: engine.groups.list() }) },
  {
    method: "GET",
    path: "/v2/topics/:name",
    handle: (call) => ({ body: call.engine.groups.get(param(call, "name")) }),
  },
  {
    method: "DELETE",
    path: "/v2/topics/:name",
    handle: (call) => {
      call.engine.groups.delete(param(call, "name"));
      return {};
    },
  },
];
