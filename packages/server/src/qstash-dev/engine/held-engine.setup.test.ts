import { controlledQstash } from "../msw/controlled-qstash.ts";
import { answerRequest } from "../routes/answer-request.ts";
import { DEV_KEYS } from "./dev-credentials.ts";
import { QstashEngine } from "./engine.ts";
import { HeldClock } from "./held-clock.ts";
import { type QstashLimits, resolveLimits } from "./limits.ts";

export const START = Date.UTC(2030, 0, 1, 12, 0, 30);
export const HOOK = "https://example.com/hook";

/** A request that an endpoint got. */
export interface Delivered {
  /** Seconds since the start. */
  readonly at: number;
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string;
}

/** An endpoint; `index` counts the requests that it gets. */
export type Respond = (delivered: Delivered, index: number) => Response | Promise<Response>;

/** A QStash whose clock stands still, with what endpoints got from it and calls of its API. */
export function held(respond: Respond = () => new Response("ok"), limits: Partial<QstashLimits> = {}) {
  const clock = new HeldClock(START);
  const requests: Delivered[] = [];
  const engine = new QstashEngine({
    token: "secret",
    keys: DEV_KEYS,
    clock,
    limits: resolveLimits(limits),
    signingTime: Date.now,
    deliver: async (request) => {
      const { url, method, headers } = request;
      const delivered = {
        at: (clock.now() - START) / 1_000,
        url,
        method,
        headers,
        body: await request.text(),
      };
      requests.push(delivered);
      return respond(delivered, requests.length - 1);
    },
    onFault: (error) => {
      throw error;
    },
  });
  const call = async (
    request: string,
    headers: Record<string, string> = {},
    body?: string | Uint8Array<ArrayBuffer>,
  ) => {
    const [method = "", target = ""] = request.split(/ (.*)/s);
    const sent = new Request("https://qstash.test/", {
      method,
      headers: { authorization: "Bearer secret", ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const response = await answerRequest(engine, sent, { target, callerIp: "192.0.2.7" });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  const publish = (headers: Record<string, string> = {}, url = HOOK, body = "{}") =>
    call(`POST /v2/publish/${url}`, headers, body);
  const qstash = controlledQstash(engine, clock, "5s");
  const times = () => requests.map(({ at }) => at);
  const states = async (messageId: string) => {
    const { body } = await call(`GET /v2/events?messageIds=${messageId}&order=earliestFirst`);
    return body.events.map(({ state }: { state: string }) => state);
  };
  return { qstash, engine, clock, requests, call, publish, times, states };
}

/** Answers that are given in turn, the last one for ever. */
export function inTurn(...statuses: number[]): Respond {
  return (_, index) => new Response(null, { status: statuses[Math.min(index, statuses.length - 1)] ?? 200 });
}

/** Answers that wait until they are let go. */
export function gate() {
  const waiting: (() => void)[] = [];
  return {
    respond: () => new Promise<Response>((resolve) => waiting.push(() => resolve(new Response("ok")))),
    open: () => waiting.shift()?.(),
    get count() {
      return waiting.length;
    },
  };
}

/** Lets everything run that needs no time. */
export const turns = () => new Promise((resolve) => setImmediate(resolve));
