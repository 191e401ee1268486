import { badRequest } from "../engine/api-error.ts";
import type { QstashEngine } from "../engine/engine.ts";
import { periodMs } from "../engine/flow-control-value.ts";
import { param, type Route, type RouteCall, type RouteReply } from "./route.ts";

function view(engine: QstashEngine, key: string): Record<string, unknown> {
  const now = engine.clock.now();
  const waiting = engine.waiting(({ options, dueAt }) => options.flowControl?.key === key && dueAt <= now);
  return engine.flows.view(key, waiting, now);
}

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw badRequest(`${name} must be a whole number of 1 or more.`);
}

function pin(call: RouteCall): RouteReply {
  const { engine, query } = call;
  const parallelism = numberOf(query, "parallelism");
  const rate = numberOf(query, "rate");
  const period = query.get("period");
  engine.flows.pin(param(call, "key"), {
    ...(parallelism === undefined ? {} : { parallelism }),
    ...(rate === undefined ? {} : { rate }),
    ...(period === null ? {} : { periodMs: periodMs(period) }),
  });
  return woken(engine);
}

function unpin(call: RouteCall): RouteReply {
  const { engine, query } = call;
  const what = { parallelism: query.get("parallelism") === "true", rate: query.get("rate") === "true" };
  engine.flows.unpin(param(call, "key"), what);
  return woken(engine);
}

function woken(engine: QstashEngine): RouteReply {
  engine.dispatcher.wake();
  return {};
}

function setPaused(call: RouteCall, isPaused: boolean): RouteReply {
  call.engine.flows.setPaused(param(call, "key"), isPaused);
  return woken(call.engine);
}

/** Routes of flow control. */
export const FLOW_CONTROL_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v2/flowControl",
    handle: ({ engine }) => ({ body: engine.flows.keys().map((key) => view(engine, key)) }),
  },
  {
    method: "GET",
    path: "/v2/flowControl/:key",
    handle: (call) => ({ body: view(call.engine, param(call, "key")) }),
  },
  { method: "POST", path: "/v2/flowControl/:key/pause", handle: (call) => setPaused(call, true) },
  { method: "POST", path: "/v2/flowControl/:key/resume", handle: (call) => setPaused(call, false) },
  { method: "POST", path: "/v2/flowControl/:key/pin", handle: pin },
  { method: "POST", path: "/v2/flowControl/:key/unpin", handle: unpin },
  {
    method: "POST",
    path: "/v2/flowControl/:key/resetRate",
    handle: (call) => {
      call.engine.flows.resetRate(param(call, "key"), call.engine.clock.now());
      return woken(call.engine);
    },
  },
  {
    method: "GET",
    path: "/v2/globalParallelism",
    handle: ({ engine }) => ({
      body: {
        parallelismMax: engine.limits.parallelism,
        parallelismCount: engine.dispatcher.activeCount,
      },
    }),
  },
];
