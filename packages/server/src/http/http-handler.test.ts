import { initTasks, TaskError } from "@taskwright/shared";
import { describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { refusal } from "../../../../test/harness/sqlite-store.ts";
import type { Backend } from "../backend/index.ts";
import { memoryBackend } from "../backends/memory/index.ts";
import { qstashBackend } from "../backends/qstash/index.ts";
import { createTaskServer } from "../create-task-server.ts";
import { HeldHost } from "../testing/held-host.ts";
import { createHttpHandler, type HttpHandlerOptions } from "./http-handler.ts";

const TOKEN = "0123456789abcdef";
const SECRET = "the-secret-of-somebody";
const t = initTasks.create({ queues: ["default", "emails"] });
const tasks = t.router({
  work: t.task.input(z.object({ n: z.int() })).output(z.int()),
  fail: t.task.input(z.object({ text: z.string() })).options({ maxRetries: 0 }),
  mail: t.task.options({ queue: "emails" }),
  wait: t.task,
});

/** A server whose log a test can read, and its endpoints. */
function serve(
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
function faulty(error: () => Promise<never>, isAway = () => true): Backend {
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

const away = () =>
  Promise.reject(new TaskError({ code: "BACKEND_UNAVAILABLE", message: `No answer from ${SECRET}.` }));

const ROUTES = [
  ["POST /tasks/run", "run"],
  ["POST /tasks/run-one", "run"],
  ["POST /tasks/execute/0", "execute"],
  ["GET /tasks/status", "status"],
  ["GET /tasks/status/0", "status"],
  ["POST /tasks/purge", "purge"],
  ["GET /tasks/health", "health"],
  ["GET /tasks/metrics", "metrics"],
  ["GET /tasks/trpc/anything", "trpc"],
  ["POST /tasks/trpc/anything", "trpc"],
] as const;

const MOUNTED = {
  trpc: (request: Request) => new Response(`tRPC at ${new URL(request.url).pathname}`),
  metrics: { contentType: "text/plain; version=0.0.4", text: async () => "up 1\n" },
};

describe("who may call", () => {
  test.each(ROUTES)("%s needs the permission %s", async (line, permission) => {
    const asked: unknown[] = [];
    const { call } = serve({
      ...MOUNTED,
      auth: (_, facts) => {
        asked.push(facts);
        return false;
      },
    });
    const answer = await call(line, line.startsWith("POST") ? {} : undefined);
    expect([answer.status, answer.json]).toEqual([403, { error: "This is not allowed.", code: "FORBIDDEN" }]);
    expect(asked).toEqual([{ permission, taskId: line.endsWith("/0") ? "0" : null }]);
  });

  test.each(ROUTES)("%s is answered to the bearer of the token alone", async (line) => {
    const { call } = serve({ ...MOUNTED, auth: { bearer: TOKEN } });
    const body = line.startsWith("POST") ? {} : undefined;
    const without = await call(line, body);
    expect([without.status, without.json.code, without.headers.get("www-authenticate")]).toEqual([
      401,
      "UNAUTHORIZED",
      "Bearer",
    ]);
    const wrong = await call(line, body, { headers: { authorization: `Bearer ${TOKEN}0` } });
    expect([wrong.status, wrong.json.code]).toEqual([403, "FORBIDDEN"]);
    const right = await call(line, body, { headers: { authorization: `Bearer ${TOKEN}` } });
    expect(right.status).toBe(line.endsWith("/0") ? 404 : 200);
  });

  test("an auth function that throws lets nobody in, and its words stay in the log", async () => {
    const { call, told } = serve({
      auth: () => {
        throw new Error(`no session store at ${SECRET}`);
      },
    });
    const answer = await call("POST /tasks/run", {});
    expect(answer.status).toBe(500);
    expect(answer.json).toEqual({
      error: "It went wrong; the server's log says why.",
      code: "INTERNAL_ERROR",
    });
    expect(told.join()).toContain(SECRET);
  });

  test("nothing runs for a page of another origin, unless cors says that it may", async () => {
    const headers = { "sec-fetch-site": "cross-site", origin: "https://example.com" };
    const closed = serve();
    await closed.server.client.tasks.work.delay({ n: 1 });
    const answer = await closed.call("POST /tasks/run", {}, { headers });
    expect([answer.status, answer.json.code]).toEqual([403, "FORBIDDEN"]);
    expect(await closed.server.executor.pendingTaskCount()).toBe(1);
    expect((await closed.call("GET /tasks/status", undefined, { headers })).headers.has("vary")).toBe(false);
    const open = serve({ cors: { origin: "https://example.com" } });
    const allowed = await open.call("POST /tasks/run", {}, { headers });
    expect([allowed.status, allowed.headers.get("access-control-allow-origin")]).toEqual([
      200,
      "https://example.com",
    ]);
    const refused = await open.call("POST /tasks/run", { no: 1 }, { headers });
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([
      400,
      "https://example.com",
    ]);
    expect((await open.call("OPTIONS /tasks/run")).status).toBe(405);
    const asking = { ...headers, "access-control-request-method": "POST" };
    expect((await open.call("OPTIONS /tasks/run", undefined, { headers: asking })).status).toBe(204);
    expect((await closed.call("OPTIONS /tasks/run", undefined, { headers: asking })).status).toBe(405);
  });

  test("an endpoint does not begin without auth, or with options it does not know", async () => {
    const { server } = serve();
    for (const options of [{}, { auth: undefined }, undefined, null]) {
      const error = await refusal(() => createHttpHandler(server, options as HttpHandlerOptions));
      expect(error.code).toBe("INVALID_OPTION");
    }
    for (const more of [
      { path: "/jobs" },
      { basePath: "jobs" },
      { basePath: "/a b" },
      { basePath: "//x" },
      { basePath: 7 },
      { trpc: {} },
      { metrics: true },
      { metrics: null },
      { cors: "https://example.com" },
    ]) {
      const options = { auth: "none", ...more } as unknown as HttpHandlerOptions;
      expect((await refusal(() => createHttpHandler(server, options))).code).toBe("INVALID_OPTION");
    }
  });
});

describe("paths and methods", () => {
  test("a slash at the end makes no difference, and whatever is not there is 404", async () => {
    const { call } = serve(MOUNTED);
    for (const [line] of ROUTES.filter(([route]) => !route.includes("trpc"))) {
      const body = line.startsWith("POST") ? {} : undefined;
      expect((await call(`${line}/`, body)).text).toBe((await call(line, body)).text);
    }
    for (const path of ["/", "/tasks", "/tasks/", "/tasks/nope", "/tasks/status/a/b", "/tasksrun", "/run"]) {
      const answer = await call(`GET ${path}`);
      expect([path, answer.status, answer.json.code]).toEqual([path, 404, "NOT_FOUND"]);
    }
    expect((await call("GET /tasks/trpc")).status).toBe(404);
  });

  test("a wrong method is answered with the right one", async () => {
    const { call } = serve(MOUNTED);
    for (const [line] of ROUTES.filter(([route]) => !route.includes("trpc"))) {
      const [method, path] = line.split(" ");
      for (const other of ["PUT", "DELETE", "PATCH", method === "GET" ? "POST" : "GET"]) {
        const answer = await call(`${other} ${path}`);
        expect([answer.status, answer.headers.get("allow")]).toEqual([405, method]);
        expect(answer.json.code).toBe("METHOD_NOT_ALLOWED");
      }
    }
  });

  test("HEAD is GET without a body, as monitors ask", async () => {
    const { call } = serve(MOUNTED);
    for (const path of ["/tasks/health", "/tasks/status", "/tasks/metrics"]) {
      const answer = await call(`HEAD ${path}`);
      expect([answer.status, answer.text]).toEqual([200, ""]);
    }
    expect((await call("HEAD /tasks/run")).status).toBe(405);
    const cancelled = Promise.withResolvers<void>();
    const body = new ReadableStream({ cancel: () => cancelled.resolve() });
    expect((await serve({ trpc: () => new Response(body) }).call("HEAD /tasks/trpc/x")).text).toBe("");
    await cancelled.promise;
  });

  test.each(["/jobs", "/jobs/", "", "/", "/api/v1.0/my-tasks"])(
    "the base path may be %j",
    async (basePath) => {
      const { call } = serve({ basePath });
      const base = basePath.replace(/\/$/, "");
      expect((await call(`GET ${base}/status`)).json).toEqual({ pendingCount: 0 });
      expect((await call("GET /tasks/status")).status).toBe(404);
      expect((await call("GET /api/v1x0/my-tasks/status")).status).toBe(404);
    },
  );

  test.each(["0", "%00", "%F0%9F%98%80", "%", "%ff", "a%2Fb", "'--", "x".repeat(5_000), "__proto__", "a:b"])(
    "an id written %s is not found",
    async (id) => {
      const { call } = serve();
      const read = await call(`GET /tasks/status/${id}`);
      expect([read.status, read.json.code]).toEqual([404, "RESULT_NOT_FOUND"]);
      expect(read.text.length).toBeLessThan(1_000);
      expect((await call(`POST /tasks/execute/${id}`, {})).status).toBe(404);
    },
  );
});

describe("run", () => {
  test("runs what is due, ten at most unless told otherwise, and says what became of each", async () => {
    const { call, server } = serve();
    const results = await server.client.tasks.work.enqueueMany(Array.from({ length: 12 }, (_, n) => ({ n })));
    const first = await call("POST /tasks/run");
    expect(first.status).toBe(200);
    expect(first.headers.get("cache-control")).toBe("no-store");
    expect(first.json.processed).toBe(10);
    expect((first.json.results as object[])[0]).toEqual({
      id: results[0]?.id,
      status: "SUCCESSFUL",
      taskPath: "work",
    });
    expect((await call("POST /tasks/run", { maxTasks: 1 })).json.processed).toBe(1);
    expect((await call("POST /tasks/run", { maxTasks: 100 })).json.processed).toBe(1);
    expect((await call("POST /tasks/run", { maxTasks: null })).json).toEqual({ processed: 0, results: [] });
    for (const maxTasks of [0, 101, "all"])
      expect((await call("POST /tasks/run", { maxTasks })).json.code).toBe("INVALID_OPTION");
  });

  test("runs of one queue and one backend", async () => {
    const { call, server } = serve();
    await server.client.tasks.work.delay({ n: 1 });
    await server.client.tasks.mail.delay();
    await server.client.tasks.work.enqueue({ n: 2 }, { backend: "other" });
    const emails = await call("POST /tasks/run", { queueName: "emails" });
    expect(emails.json).toMatchObject({ processed: 1, results: [{ taskPath: "mail" }] });
    expect((await call("GET /tasks/status?backendName=other")).json).toEqual({ pendingCount: 1 });
    expect((await call("POST /tasks/run-one", { backendName: "other" })).json.processed).toBe(true);
    expect((await call("POST /tasks/run", { queueName: null, backendName: null })).json.processed).toBe(1);
  });

  test("does what workers do beside: due schedules, and what lost its worker", async () => {
    const { call, server, host } = serve();
    await server.client.schedules.create({ id: "each-minute", task: "wait", cron: "* * * * *" });
    await server.client.tasks.work.delay({ n: 1 });
    const opened = server["~engine"].backend("default");
    await opened.leases.claim({
      workerId: "one that dies",
      tasks: [{ path: "work", lease: 60_000 }],
      queues: "all",
      limit: 1,
      now: opened.clock.now(),
    });
    expect((await call("POST /tasks/run")).json).toEqual({ processed: 0, results: [] });
    await host.advance(5 * 60_000);
    const { json } = await call("POST /tasks/run");
    expect(json).toMatchObject({ processed: 2 });
    expect((json.results as { taskPath: string }[]).map(({ taskPath }) => taskPath).sort()).toEqual([
      "wait",
      "work",
    ]);
  });

  test("run-one runs one, or says that there is none", async () => {
    const { call, server } = serve();
    const { id } = await server.client.tasks.work.delay({ n: 1 });
    const result = { id, status: "SUCCESSFUL", taskPath: "work" };
    expect((await call("POST /tasks/run-one", {})).json).toEqual({ processed: true, result });
    expect((await call("POST /tasks/run-one")).json).toEqual({ processed: false, result: null });
  });

  test("a task that fails is no error of the endpoint, and nothing of its input is said", async () => {
    const { call, server } = serve();
    await server.client.tasks.fail.delay({ text: SECRET });
    const answer = await call("POST /tasks/run", {});
    expect([answer.status, answer.json.results]).toMatchObject([200, [{ status: "FAILED" }]]);
    expect(answer.text).not.toContain(SECRET);
  });

  test.each(["POST /tasks/run", "POST /tasks/run-one", "GET /tasks/status"])(
    "%s refuses a queue and a backend that are not there",
    async (line) => {
      const { call } = serve();
      const isGet = line.startsWith("GET");
      for (const [name, value, code] of [
        ["queueName", "email", "UNKNOWN_QUEUE"],
        ["backendName", "nope", "UNKNOWN_BACKEND"],
      ]) {
        const answer = isGet
          ? await call(`${line}?${name}=${value}`)
          : await call(line, { [`${name}`]: value });
        expect([answer.status, answer.json.code]).toEqual([400, code]);
      }
    },
  );

  test.each(["run", "run-one", "execute"])(
    "a caller of %s that hangs up stops what runs, and gives it back",
    async (name) => {
      const begun = Promise.withResolvers<void>();
      const waiting = async (signal: AbortSignal) => {
        begun.resolve();
        await new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      };
      const { call, server } = serve({}, { waiting });
      const running = await server.client.tasks.wait.delay();
      const next = await server.client.tasks.work.delay({ n: 1 });
      const gone = new AbortController();
      const path = name === "execute" ? `/tasks/execute/${running.id}` : `/tasks/${name}`;
      const answer = call(`POST ${path}`, {}, { signal: gone.signal });
      await begun.promise;
      gone.abort();
      await answer;
      expect(await server.executor.getResult(running.id)).toMatchObject({ status: "READY", errors: [] });
      expect(await next.status()).toBe("READY");
    },
  );
});

describe("execute, status and purge", () => {
  test("execute runs a certain one now, and one that has failed where it may", async () => {
    const { call, server } = serve();
    const later = await server.client.tasks.work.enqueue({ n: 1 }, { countdown: "1h" });
    expect((await call(`POST /tasks/execute/${later.id}`)).json).toEqual({
      task: { id: later.id, status: "SUCCESSFUL", taskPath: "work" },
    });
    const again = await call(`POST /tasks/execute/${later.id}`, { allowRetry: true });
    expect([again.status, again.json.code]).toEqual([400, "NOT_EXECUTABLE"]);
    const failed = await server.client.tasks.fail.delay({ text: SECRET });
    await call("POST /tasks/run");
    expect((await call(`POST /tasks/execute/${failed.id}`, { allowRetry: false })).status).toBe(400);
    const retried = await call(`POST /tasks/execute/${failed.id}`, {
      allowRetry: true,
      backendName: "default",
    });
    expect([retried.status, retried.json]).toMatchObject([200, { task: { status: "FAILED" } }]);
    expect((await call(`POST /tasks/execute/${failed.id}`, { backendName: "other" })).status).toBe(404);
  });

  test("status counts what is due, and status/:id is a whole task result", async () => {
    const { call, server } = serve();
    const { id } = await server.client.tasks.work.delay({ n: 1 });
    await server.client.tasks.work.enqueue({ n: 2 }, { countdown: "1h" });
    await server.client.tasks.mail.delay();
    expect((await call("GET /tasks/status")).json).toEqual({ pendingCount: 2 });
    expect((await call("GET /tasks/status?queueName=emails&backendName=default")).json).toEqual({
      pendingCount: 1,
    });
    const { task } = (await call(`GET /tasks/status/${id}`)).json;
    expect(task).toEqual(JSON.parse(JSON.stringify(await server.executor.getResult(id))));
    expect(task).toMatchObject({ id, status: "READY", path: "work", input: { n: 1 } });
    expect((await call(`GET /tasks/status/${id}?backendName=other`)).status).toBe(404);
    expect((await call("GET /tasks/status?queue=emails")).json).toMatchObject({
      code: "INVALID_OPTION",
      error: expect.stringContaining("queueName"),
    });
  });

  test("purge deletes what is over, by age, status and batch, or only counts it", async () => {
    const { call, server } = serve();
    await server.client.tasks.work.enqueueMany([{ n: 1 }, { n: 2 }]);
    await server.client.tasks.fail.delay({ text: SECRET });
    await call("POST /tasks/run");
    expect((await call("POST /tasks/purge")).json).toEqual({ deleted: 0 });
    expect((await call("POST /tasks/purge", { days: 0, dryRun: true })).json).toEqual({ deleted: 3 });
    expect((await call("POST /tasks/purge", { days: 0, status: ["FAILED"], batchSize: 1 })).json).toEqual({
      deleted: 1,
    });
    expect(
      (await call("POST /tasks/purge", { days: "0", status: "SUCCESSFUL", dryRun: "false" })).json,
    ).toEqual({
      deleted: 2,
    });
    for (const body of [{ days: -1 }, { days: 1e9 }, { status: "READY" }, { batchSize: 0 }, { dryRun: 3 }])
      expect((await call("POST /tasks/purge", body)).json.code).toBe("INVALID_OPTION");
  });
});

describe("what goes wrong", () => {
  test("a backend that is away is answered 503, with when to come again, and its words stay in the log", async () => {
    const { call, told } = serve({}, { backend: faulty(away) });
    for (const line of [
      "POST /tasks/run",
      "POST /tasks/run-one",
      "GET /tasks/status",
      "GET /tasks/status/0",
    ]) {
      const answer = await call(line);
      expect([line, answer.status, answer.headers.get("retry-after")]).toEqual([line, 503, "10"]);
      expect(answer.json).toEqual({
        error: "It cannot be done now; try again later.",
        code: "BACKEND_UNAVAILABLE",
      });
    }
    expect(told.filter((line) => line.includes(SECRET))).toHaveLength(4);
  });

  test("a fault is answered 500 without its words", async () => {
    const { call, told } = serve({}, { backend: faulty(() => Promise.reject(new Error(SECRET))) });
    const answer = await call("POST /tasks/run");
    expect([answer.status, answer.json.code]).toEqual([500, "INTERNAL_ERROR"]);
    expect(answer.text).not.toContain(SECRET);
    expect(answer.text).not.toContain(" at ");
    expect(told.join()).toContain(SECRET);
  });

  test("what this server or its backend is not made for is answered 501, with what that is", async () => {
    const { inspector: _, ...uncounted } = memoryBackend();
    const { call, told } = serve({}, { backend: uncounted });
    expect(await call("GET /tasks/status")).toMatchObject({ status: 501, json: { code: "NOT_SUPPORTED" } });
    const backend = memoryBackend();
    const others = createTaskServer({ tasks, backend, only: ["mail"], handlers: { mail: () => {} } });
    const { id } = await others.client.tasks.work.delay({ n: 1 });
    const limited = createHttpHandler(others, { auth: "none" });
    const answer = await limited(
      new Request(`https://app.example.test/tasks/execute/${id}`, { method: "POST" }),
    );
    expect([answer.status, await answer.json()]).toMatchObject([501, { code: "HANDLER_MISSING" }]);
    expect(told).toEqual([]);
  });

  test("a server that is closed says 503", async () => {
    const { call, server } = serve();
    await server.open();
    await server.close();
    expect((await call("POST /tasks/run")).json.code).toBe("CLOSED");
  });

  test("a body that is too long, of another type, or read before is refused", async () => {
    const { call, handler, server } = serve();
    await server.client.tasks.work.delay({ n: 1 });
    expect((await call("POST /tasks/run", { queueName: "x".repeat(70_000) })).status).toBe(413);
    const typed = { headers: { "content-type": "text/plain" } };
    expect((await call("POST /tasks/run", {}, typed)).status).toBe(415);
    const read = new Request("https://app.example.test/tasks/run", { method: "POST", body: "{}" });
    await read.text();
    const answer = await handler(read);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain("before any body parser");
    expect(await server.executor.pendingTaskCount()).toBe(1);
  });

  test("a body that does not arrive is answered 408", async () => {
    vi.useFakeTimers();
    try {
      const { handler } = serve();
      const body = new ReadableStream();
      const init = { method: "POST", body, duplex: "half" } as RequestInit;
      const answer = handler(new Request("https://app.example.test/tasks/run", init));
      await vi.advanceTimersByTimeAsync(10_000);
      expect((await answer).status).toBe(408);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("health", () => {
  test("is 200 while every backend answers", async () => {
    const { call } = serve();
    const answer = await call("GET /tasks/health");
    expect([answer.status, answer.json]).toEqual([
      200,
      { status: "ok", backends: { default: "ok", other: "ok" } },
    ]);
  });

  test("is 503 when one is away, which is all that it says of it", async () => {
    let isAway = false;
    const { call, told } = serve({}, { backend: faulty(away, () => isAway) });
    expect((await call("GET /tasks/health")).status).toBe(200);
    isAway = true;
    const answer = await call("GET /tasks/health");
    expect([answer.status, answer.json]).toEqual([
      503,
      { status: "unavailable", backends: { default: "unavailable", other: "ok" } },
    ]);
    expect(told).toEqual([`A backend did not answer a check of its health. No answer from ${SECRET}.`]);
  });

  test("does not wait longer than five seconds for one that says nothing", async () => {
    const asked = Promise.withResolvers<void>();
    const silent = () => {
      asked.resolve();
      return new Promise<never>(() => {});
    };
    const { call, host } = serve({}, { backend: faulty(silent) });
    const answer = call("GET /tasks/health");
    await asked.promise;
    await host.advance(5_000);
    expect((await answer).json).toMatchObject({ backends: { default: "unavailable" } });
  });
});

describe("what is mounted beside", () => {
  test("metrics are answered as they are, and 404 where there are none", async () => {
    const answer = await serve(MOUNTED).call("GET /tasks/metrics");
    expect([answer.status, answer.text, answer.headers.get("content-type")]).toEqual([
      200,
      "up 1\n",
      "text/plain; version=0.0.4",
    ]);
    const none = await serve().call("GET /tasks/metrics");
    expect([none.status, none.json.error]).toEqual([404, expect.stringContaining("createMetrics(server)")]);
  });

  test("tRPC gets the request untouched, below its path alone, and its answer is left as it is", async () => {
    const { call } = serve({
      trpc: async (request) =>
        new Response(`${request.method} ${new URL(request.url).search} ${await request.text()}`, {
          status: 207,
          headers: { vary: "trpc-accept" },
        }),
    });
    const answer = await call("POST /tasks/trpc/tasks.work.delay?batch=1", { n: 1 });
    expect([answer.status, answer.text, answer.headers.get("vary")]).toEqual([
      207,
      'POST ?batch=1 {"n":1}',
      "trpc-accept",
    ]);
    expect((await serve().call("GET /tasks/trpc/x")).status).toBe(404);
  });

  test("a tRPC handler that throws is answered 500", async () => {
    const { call } = serve({
      trpc: () => {
        throw new Error(SECRET);
      },
    });
    const answer = await call("GET /tasks/trpc/x");
    expect([answer.status, answer.text.includes(SECRET)]).toEqual([500, false]);
  });

  test("the webhook of a backend that delivers is at its own path, and asks for signatures instead of auth", async () => {
    const qstash = (path: string) =>
      qstashBackend({
        token: "token",
        domain: "app.example.test",
        webhookPath: path,
        currentSigningKey: "sig_current",
        nextSigningKey: "sig_next",
        store: memoryBackend(),
      });
    const { call } = serve({ auth: () => false }, { backend: qstash("/hooks/tasks/") });
    for (const path of ["/hooks/tasks/", "/hooks/tasks"]) {
      const answer = await call(`POST ${path}`, {});
      expect([answer.status, answer.text]).toEqual([401, expect.stringContaining("SIGNATURE_ERROR")]);
    }
    expect((await call("GET /hooks/tasks")).status).toBe(405);
    expect((await call("POST /qstash/webhook/", {})).status).toBe(404);
    expect((await serve().call("POST /qstash/webhook/", {})).status).toBe(404);
  });
});
