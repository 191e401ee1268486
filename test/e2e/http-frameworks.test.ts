import { createTaskServer, type TaskServer } from "@taskwright/server";
import { createHttpHandler, type HttpHandler } from "@taskwright/server/http";
import { memoryBackend } from "@taskwright/server/memory";
import { createMetrics } from "@taskwright/server/metrics";
import { qstashBackend } from "@taskwright/server/qstash";
import { type QstashDev, startQstashDev } from "@taskwright/server/qstash-dev";
import { initTasks } from "@taskwright/shared";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { WEB_FRAMEWORKS, type WebApp } from "../harness/web-frameworks.ts";

const TOKEN = "a-token-of-this-test";
const WITH_TOKEN = { authorization: `Bearer ${TOKEN}` };
const AS_JSON = { "content-type": "application/json" };

const t = initTasks.create();
const tasks = t.router({ work: t.task.input(z.object({ n: z.int() })), wait: t.task });

let qstash: QstashDev;
beforeAll(async () => {
  qstash = await startQstashDev({ port: 0 });
});
afterAll(() => qstash.close());

/** Runs while nobody tells it to stop. */
interface Waiting {
  readonly begun: Promise<void>;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

function waiting(): Waiting {
  const begun = Promise.withResolvers<void>();
  return {
    begun: begun.promise,
    run: (signal) => {
      begun.resolve();
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  };
}

describe.each(WEB_FRAMEWORKS)("$name", (framework) => {
  let app: WebApp;
  let server: TaskServer<typeof tasks>;
  let handler: HttpHandler;
  let wait: Waiting = waiting();
  /** What tRPC's stand-in streams after its first words. */
  let rest: Promise<string> = Promise.resolve("");

  beforeAll(async () => {
    // The address of the webhook is known when the app listens.
    app = await framework.mount((request) => handler(request));
    server = createTaskServer({
      tasks,
      backends: {
        default: memoryBackend(),
        serverless: qstashBackend({
          baseUrl: qstash.url,
          token: qstash.token,
          currentSigningKey: qstash.currentSigningKey,
          nextSigningKey: qstash.nextSigningKey,
          domain: app.url,
          forceHttps: false,
          store: memoryBackend(),
        }),
      },
      handlers: { work: () => {}, wait: ({ signal }) => wait.run(signal) },
      logger: false,
    });
    handler = createHttpHandler(server, {
      auth: { bearer: TOKEN },
      metrics: createMetrics(server),
      trpc: async (request) => {
        const sent = await request.text();
        const encoder = new TextEncoder();
        const body = new ReadableStream<Uint8Array>({
          start: async (controller) => {
            controller.enqueue(encoder.encode(`${request.method} ${new URL(request.url).pathname} ${sent}`));
            controller.enqueue(encoder.encode(await rest));
            controller.close();
          },
        });
        return new Response(body, { headers: { "content-type": "text/event-stream" } });
      },
    });
  });
  afterAll(async () => {
    await server.close();
    await app[Symbol.asyncDispose]();
  });

  const call = (line: string, body?: unknown, headers: Readonly<Record<string, string>> = WITH_TOKEN) => {
    const [method = "", path = ""] = line.split(" ");
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    return fetch(app.url + path, { method, headers: { ...AS_JSON, ...headers }, ...sent });
  };

  test.each([
    ["POST /tasks/run", { maxTasks: 5 }, { processed: 1, results: [{ status: "SUCCESSFUL" }] }],
    ["POST /tasks/run-one", {}, { processed: true, result: { status: "SUCCESSFUL" } }],
    ["POST /tasks/execute/:id", { allowRetry: true }, { task: { status: "SUCCESSFUL" } }],
    ["GET /tasks/status", undefined, { pendingCount: 1 }],
    ["GET /tasks/status/:id", undefined, { task: { status: "READY", input: { n: 1 } } }],
    ["POST /tasks/purge", { days: 0, dryRun: true }, { deleted: 0 }],
    ["GET /tasks/health", undefined, { status: "ok" }],
  ])("%s", async (line, body, expected) => {
    await server.executor.processTasks({ backend: "default" });
    await server.executor.purge({ days: 0 });
    const { id } = await server.client.tasks.work.delay({ n: 1 });
    const whole = line.replace(":id", id);
    const refused = await call(whole, body, {});
    expect([refused.status, await refused.json()]).toMatchObject([401, { code: "UNAUTHORIZED" }]);
    for (const path of [whole, `${whole}/`].slice(0, line.startsWith("GET") ? 2 : 1)) {
      const answer = await call(path, body);
      expect([answer.status, await answer.json()]).toMatchObject([200, expected]);
      expect(answer.headers.get("cache-control")).toBe("no-store");
    }
  });

  test("GET /tasks/metrics", async () => {
    expect((await call("GET /tasks/metrics", undefined, {})).status).toBe(401);
    const answer = await call("GET /tasks/metrics");
    expect(answer.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(await answer.text()).toContain('taskwright_backend_up{backend="default"} 1');
    expect((await call("HEAD /tasks/metrics")).status).toBe(200);
  });

  test("POST /tasks/trpc/…, whose answer arrives while it is made", async () => {
    const more = Promise.withResolvers<string>();
    rest = more.promise;
    expect((await call("POST /tasks/trpc/work.delay", {}, {})).status).toBe(401);
    const answer = await call("POST /tasks/trpc/work.delay?batch=1", { n: 1 });
    const reader = answer.body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString()).toBe('POST /tasks/trpc/work.delay {"n":1}');
    more.resolve("the rest");
    const second = await reader?.read();
    expect(Buffer.from(second?.value ?? []).toString()).toBe("the rest");
    expect((await reader?.read())?.done).toBe(true);
  });

  test("POST /qstash/webhook/, with a signature instead of a token", async () => {
    for (const path of ["/qstash/webhook/", "/qstash/webhook"]) {
      const refused = await call(`POST ${path}`, {});
      expect([refused.status, await refused.text()]).toEqual([
        401,
        expect.stringContaining("SIGNATURE_ERROR"),
      ]);
    }
    const result = await server.client.tasks.work.enqueue({ n: 1 }, { backend: "serverless" });
    await result.get({ timeout: "20s" });
    expect(await result.status()).toBe("SUCCESSFUL");
  });

  test("a form, a wrong method, a path that is not there and a body that is too long", async () => {
    const form = { ...WITH_TOKEN, "content-type": "application/x-www-form-urlencoded" };
    const body = "days=0&dryRun=true";
    const purged = await fetch(`${app.url}/tasks/purge`, { method: "POST", headers: form, body });
    expect(purged.status).toBe(200);
    expect((await call("GET /tasks/run")).status).toBe(405);
    expect((await call("GET /tasks/nope")).status).toBe(404);
    expect((await call("POST /tasks/run", { queueName: "x".repeat(70_000) })).status).toBe(413);
    expect(await (await fetch(`${app.url}/page`)).text()).toBe("a page");
  });

  test("a caller that hangs up stops what it ran, and it is READY again", async () => {
    await server.executor.processTasks({ backend: "default" });
    wait = waiting();
    const result = await server.client.tasks.wait.delay();
    const released = new Promise<void>((resolve) => {
      const stop = server.events.on("released", ({ id }) => {
        if (id !== result.id) return;
        stop();
        resolve();
      });
    });
    const gone = new AbortController();
    const init = { method: "POST", headers: WITH_TOKEN, signal: gone.signal };
    const answer = fetch(`${app.url}/tasks/run`, init).catch(() => "hung up");
    await wait.begun;
    gone.abort();
    expect(await answer).toBe("hung up");
    await released;
    expect(await server.executor.getResult(result.id)).toMatchObject({ status: "READY", errors: [] });
    await result.cancel();
  });

  test("behind a body parser a body is refused with the reason, and what has none is answered", async () => {
    await using parsed = await framework.mountAfterParser((request) => handler(request));
    const init = { method: "POST", headers: { ...WITH_TOKEN, ...AS_JSON }, body: '{"days":0}' };
    const answer = await fetch(`${parsed.url}/tasks/purge`, init);
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { error: expect.stringContaining("before any body parser"), code: "INVALID_OPTION" },
    ]);
    expect((await fetch(`${parsed.url}/tasks/status`, { headers: WITH_TOKEN })).status).toBe(200);
  });
});
