import { initTasks, TaskError } from "@taskwright/shared";
import * as z from "zod";
import type { Backend } from "../backend/index.ts";
import { memoryBackend } from "../backends/memory/index.ts";
import { createTaskServer } from "../create-task-server.ts";
import { HeldHost } from "../testing/held-host.ts";
import { createHttpHandler, type HttpHandlerOptions } from "./http-handler.ts";

/** What no answer may show. */
export const SECRET = "the-secret-of-somebody";
const t = initTasks.create({ queues: ["default", "emails"] });
export const tasks = t.router({
  work: t.task.input(z.object({ n: z.int() })).output(z.int()),
  fail: t.task.input(z.object({ text: z.string() })).options({ maxRetries: 0 }),
  mail: t.task.options({ queue: "emails" }),
  wait: t.task,
});

/** A server whose log a test can read, and its endpoints. */
export function serve(
  options: Partial<HttpHandlerOptions> = {},
  parts: { readonly backend?: Backend; readonly waiting?: (signal: AbortSignal) => Promise<void> } = {},
) {
  const told: string[] = [];
  const tell = (facts: object, message: string) => {
    const { err } = facts as { readonly err?: Error };
    told.push(`${message} ${err?.message ?? ""}`.trim());
  };
  const host = new HeldHost(Date.now());
  const server = createTaskServer({
    tasks,
    backends: { default: parts.backend ?? memoryBackend(), other: memoryBackend() },
    handlers: {
      work: ({ input }) => input.n * 2,
      fail: ({ input }) => {
        throw new Error(`cannot do ${input.text}`);
      },
      mail: () => {},
      wait: ({ signal }) => parts.waiting?.(signal),
    },
    logger: { debug: tell, info: tell, warn: tell, error: tell },
    host,
  });
  const handler = createHttpHandler(server, { auth: "none", ...options });
  const call = async (line: string, body?: unknown, init: RequestInit = {}) => {
    const [method = "", path = ""] = line.split(" ");
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const headers = { "content-type": "application/json", ...init.headers };
    const request = new Request(`https://app.example.test${path}`, { ...init, method, ...sent, headers });
    const response = await handler(request);
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson && text !== "" ? (JSON.parse(text) as Record<string, unknown>) : {},
    };
  };
  return { server, handler, call, told, host };
}

/** A backend that does not answer from a moment on, or never does. */
export function faulty(error: () => Promise<never>, isAway = () => true): Backend {
  const memory = memoryBackend();
  const { store, leases, inspector } = memory;
  if (leases === undefined || inspector === undefined) throw new Error("The memory backend has these.");
  const or =
    <TRequest, TAnswer>(call: (request: TRequest) => Promise<TAnswer>) =>
    (request: TRequest): Promise<TAnswer> =>
      isAway() ? error() : call(request);
  return {
    ...memory,
    store: { ...store, get: or(store.get) },
    leases: { ...leases, claim: or(leases.claim) },
    inspector: { ...inspector, countByQueue: or(inspector.countByQueue) },
  };
}

/** What a store that cannot be reached answers. */
export const away = () =>
  Promise.reject(new TaskError({ code: "BACKEND_UNAVAILABLE", message: `No answer from ${SECRET}.` }));
