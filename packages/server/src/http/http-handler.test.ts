import { describe, expect, test } from "vitest";
import { refusal } from "../../../../test/harness/sqlite-store.ts";
import { memoryBackend } from "../backends/memory/index.ts";
import { qstashBackend } from "../backends/qstash/index.ts";
import { createHttpHandler, type HttpHandlerOptions } from "./http-handler.ts";
import { SECRET, serve } from "./served-endpoints.setup.test.ts";

const TOKEN = "0123456789abcdef";
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
