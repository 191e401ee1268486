import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { initTasks } from "@taskwright/shared";
import { setupServer } from "msw/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import {
  CURRENT_KEY,
  NEXT_KEY,
  type SignatureParts,
  signatureOf,
  signedRequest,
  WEBHOOK_URL,
} from "../../../../test/harness/signed-call.ts";
import { refusal } from "../../../../test/harness/sqlite-store.ts";
import { memoryBackend } from "../backends/memory/index.ts";
import { qstashBackend } from "../backends/qstash/index.ts";
import { createTaskServer } from "../create-task-server.ts";
import { qstashHandlers } from "../qstash-dev/msw.ts";
import { HeldHost } from "../testing/held-host.ts";
import { createWebhookHandler, type WebhookOptions } from "./webhook-handler.ts";

const SECRET = "the-input-of-somebody";
const t = initTasks.create();
const tasks = t.router({ work: t.task.input(z.object({ text: z.string() })), other: t.task });

const { handlers, qstash } = qstashHandlers({ deliver: () => new Promise<never>(() => {}) });
const network = setupServer(...handlers);
beforeAll(() => network.listen());
afterAll(() => {
  qstash.close();
  network.close();
});

/** A webhook on a store in memory, with a task that waits for its delivery. */
async function withTask(
  handler: () => unknown = () => undefined,
  options: WebhookOptions = {},
  given: { readonly maxRetries?: number } = {},
) {
  const told: string[] = [];
  const store = memoryBackend();
  const tell = (facts: object, message: string) => {
    const { err, ...rest } = facts as { readonly err?: unknown };
    told.push(`${message} ${JSON.stringify(rest)} ${err instanceof Error ? `${err.message}` : ""}`);
  };
  const host = new HeldHost(Date.now());
  const backend = qstashBackend({
    token: "token",
    domain: "app.example.test",
    currentSigningKey: CURRENT_KEY,
    nextSigningKey: NEXT_KEY,
    store,
  });
  const server = createTaskServer({
    tasks,
    backend,
    only: ["work"],
    handlers: { work: () => void handler() },
    logger: { debug: tell, info: tell, warn: tell, error: tell },
    host,
  });
  const webhook = createWebhookHandler(server, options);
  const result = await server.client.tasks.work.enqueue({ text: SECRET }, { maxRetries: 3, ...given });
  const body = qstash.messages().at(-1)?.body ?? "";
  const send = (more: Parameters<typeof signedRequest>[1] = {}) => webhook(signedRequest(body, more));
  return { webhook, server, store, result, body, told, host, send };
}

async function answerOf(response: Response) {
  const { status, headers } = response;
  return {
    status,
    nonRetryable: headers.get("upstash-nonretryable-error"),
    retryAfter: headers.get("retry-after"),
    cache: headers.get("cache-control"),
    text: await response.text(),
  };
}

test("a task that ends well is answered 200, and nothing of it may be kept by caches", async () => {
  const { send, result } = await withTask();
  const answer = await answerOf(await send());
  expect(answer).toMatchObject({ status: 200, nonRetryable: null, retryAfter: null, cache: "no-store" });
  expect(JSON.parse(answer.text)).toEqual({ id: result.id, status: "SUCCESSFUL" });
});

test("neither answers nor logs hold what a task was given, or what its handler threw", async () => {
  const handler = () => {
    throw new Error(`cannot do ${SECRET}`);
  };
  const { send, told } = await withTask(handler, {}, { maxRetries: 0 });
  const answer = await answerOf(await send());
  expect(answer).toMatchObject({ status: 489, nonRetryable: "true" });
  expect(answer.text).not.toContain(SECRET);
  expect(answer.text).not.toContain("at ");
  expect(told.join("\n")).not.toContain(CURRENT_KEY);
  expect(told.join("\n")).not.toContain(`"${SECRET}"`);
});

test.each([
  [404, new Request("https://app.example.test/other", { method: "POST" })],
  [404, new Request(`${WEBHOOK_URL}../`, { method: "POST" })],
  [405, new Request(WEBHOOK_URL)],
  [405, new Request(WEBHOOK_URL, { method: "PUT", body: "{}" })],
  [
    415,
    new Request(WEBHOOK_URL, {
      method: "POST",
      body: "a=1",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    }),
  ],
  [415, new Request(WEBHOOK_URL, { method: "POST", body: "{}", headers: { "content-type": "text/plain" } })],
  [
    401,
    new Request(WEBHOOK_URL, { method: "POST", body: "{}", headers: { "content-type": "application/json" } }),
  ],
])("status %d for what is no delivery, before anything is looked up", async (status, request) => {
  const { webhook, result } = await withTask();
  expect((await answerOf(await webhook(request))).status).toBe(status);
  expect(await result.status()).toBe("READY");
});

test("405 names the method that is allowed", async () => {
  const { webhook } = await withTask();
  expect((await webhook(new Request(WEBHOOK_URL))).headers.get("allow")).toBe("POST");
});

test("a slash that a proxy has cut off, and a type with a charset, are no reason to refuse", async () => {
  const { send } = await withTask();
  const headers = { "content-type": "application/json; charset=utf-8" };
  expect((await send({ url: WEBHOOK_URL.slice(0, -1), headers })).status).toBe(200);
});

test("a proxy that ends TLS is no reason to refuse: the signature says the URL that was meant", async () => {
  const { send } = await withTask();
  expect((await send({ url: "http://10.0.0.7:3000/qstash/webhook/" })).status).toBe(200);
});

test.each<readonly [string, SignatureParts]>([
  ["wrong-key", { key: "sig_guess" }],
  ["expired", { claims: { exp: 1_000 } }],
  ["body-hash", { claims: { body: createHash("sha256").update("{}").digest("base64url") } }],
  ["url-mismatch", { claims: { sub: "http://app.example.test/qstash/webhook/" } }],
  ["malformed", { alg: "none" }],
])(
  "a signature is refused with 401 and the reason %s; the URL that was expected is for the log",
  async (reason, parts) => {
    const { send, result, told } = await withTask();
    const answer = await answerOf(await send(parts));
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.text)).toMatchObject({ code: "SIGNATURE_ERROR", reason });
    expect(answer.text).not.toContain("app.example.test");
    expect(told.some((line) => line.includes("refused because of its signature"))).toBe(true);
    expect(await result.status()).toBe("READY");
  },
);

test("a call that is recorded and sent again is refused, and runs nothing", async () => {
  let calls = 0;
  const { webhook, body } = await withTask(() => void calls++);
  const request = signedRequest(body);
  expect((await webhook(request.clone())).status).toBe(200);
  const again = await answerOf(await webhook(request));
  expect([again.status, JSON.parse(again.text).reason]).toEqual([401, "replayed"]);
  expect(calls).toBe(1);
});

test.each([
  ["no JSON", "{"],
  ["somebody else's JSON", '{"hello":"world"}'],
  ["a name of Object's own", '{"v":1,"__proto__":{"id":"a"}}'],
  ["an empty body", ""],
])("%s that is signed all the same is answered 489: it will never be a message of ours", async (_, body) => {
  const { webhook } = await withTask();
  expect(await answerOf(await webhook(signedRequest(body)))).toMatchObject({
    status: 489,
    nonRetryable: "true",
  });
});

test("a message of a newer version is to come again, to a process that is up to date", async () => {
  const { webhook, body } = await withTask();
  const answer = await answerOf(await webhook(signedRequest(body.replace('"v":1', '"v":2'))));
  expect(answer).toMatchObject({ status: 503, retryAfter: "30", nonRetryable: null });
});

test.each(["__proto__", "constructor", "other", "../work", "nope"])(
  "a message of the path %s runs nothing; it is left to a deploy that knows it",
  async (path) => {
    let calls = 0;
    const { webhook, body } = await withTask(() => void calls++);
    const answer = await answerOf(
      await webhook(signedRequest(body.replace('"path":"work"', `"path":"${path}"`))),
    );
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ status: "READY" });
    expect(calls).toBe(0);
  },
);

test("a task that the store does not have is to come again, and is told to the log", async () => {
  const { webhook, body, result, told } = await withTask();
  const other = body.replace(result.id, "0198c0de-0000-7000-8000-000000000000");
  expect(await answerOf(await webhook(signedRequest(other)))).toMatchObject({
    status: 503,
    retryAfter: "60",
  });
  expect(told.some((line) => line.includes("uses another store"))).toBe(true);
});

test("a body of 5 MB is refused before any of it is read", async () => {
  const { webhook } = await withTask();
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        pulled++;
        controller.enqueue(new Uint8Array(65_536));
      },
    },
    { highWaterMark: 0 },
  );
  const said = { "content-type": "application/json", "content-length": String(5 * 1024 * 1024) };
  const init = { method: "POST", body, headers: said, duplex: "half" } as RequestInit;
  expect((await webhook(new Request(WEBHOOK_URL, init))).status).toBe(413);
  expect(pulled).toBe(0);
});

test("a body that says nothing of its length is refused once it is too long", async () => {
  const { webhook } = await withTask();
  let pulled = 0;
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        pulled++;
        controller.enqueue(new Uint8Array(1024 * 1024));
      },
      cancel: () => {
        isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  const init = {
    method: "POST",
    body,
    headers: { "content-type": "application/json" },
    duplex: "half",
  } as RequestInit;
  expect((await webhook(new Request(WEBHOOK_URL, init))).status).toBe(413);
  expect(pulled).toBe(3);
  expect(isCancelled).toBe(true);
});

test("the largest body can be said", async () => {
  const { send } = await withTask(undefined, { maxBodyBytes: 10 });
  expect((await send()).status).toBe(413);
});

test("a compressed body is refused, as it is not what was signed", async () => {
  const { webhook, body } = await withTask();
  const headers = { "content-encoding": "gzip" };
  expect((await webhook(signedRequest(gzipSync(body), { headers }))).status).toBe(415);
});

test("a body that is not UTF-8 is not what QStash signs, whatever its signature says", async () => {
  const { webhook } = await withTask();
  const bytes = new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]);
  const answer = await answerOf(await webhook(signedRequest(bytes)));
  expect([answer.status, JSON.parse(answer.text).reason]).toEqual([401, "body-hash"]);
});

test("a body that something else has read is refused, with a word about parsers", async () => {
  const { webhook, body } = await withTask();
  const request = signedRequest(body);
  await request.json();
  const answer = await answerOf(await webhook(request));
  expect(answer.status).toBe(400);
  expect(answer.text).toContain("body parser");
});

test("a body that a framework has parsed and written again is refused, with its reason", async () => {
  const { webhook, body } = await withTask();
  const rewritten = JSON.stringify(JSON.parse(body), null, 2);
  const request = new Request(WEBHOOK_URL, {
    method: "POST",
    body: rewritten,
    headers: { "content-type": "application/json", "upstash-signature": signatureOf(body) },
  });
  const answer = await answerOf(await webhook(request));
  expect([answer.status, JSON.parse(answer.text).reason]).toEqual([401, "body-hash"]);
});

test("a body that breaks off is to come again, and is not taken for a message that never was ours", async () => {
  const { webhook } = await withTask();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.error(new Error("gone")),
  });
  const init = {
    method: "POST",
    body,
    headers: { "content-type": "application/json" },
    duplex: "half",
  } as RequestInit;
  expect(await answerOf(await webhook(new Request(WEBHOOK_URL, init)))).toMatchObject({
    status: 400,
    nonRetryable: null,
  });
});

test.each([
  ["0", "30"],
  ["1", "240"],
  ["9", "86400"],
  ["many", "30"],
])(
  "while the store is away a delivery that was tried %s times before is told to come in %s s",
  async (retried, after) => {
    const { send, server, told } = await withTask();
    await server.close();
    const answer = await answerOf(await send({ headers: { "upstash-retried": retried } }));
    expect(answer).toMatchObject({ status: 503, retryAfter: after });
    expect(told.some((line) => line.includes("it is to come again"))).toBe(true);
  },
);

test("a fault of our own is answered 500 without its words", async () => {
  const { send, store, told } = await withTask();
  Object.assign(store.store, {
    get: () => Promise.reject(new Error(`a defect near ${SECRET}`)),
  });
  const answer = await answerOf(await send());
  expect(answer).toMatchObject({ status: 500, nonRetryable: null });
  expect(answer.text).not.toContain("defect");
  expect(told.some((line) => line.includes("could not be taken"))).toBe(true);
});

test("options that cannot be are refused when the handler is made", async () => {
  const { server } = await withTask();
  for (const options of [{ maxBodyBytes: 0 }, { maxDuration: "soon" }, { maxBytes: 1 }, { backend: "nope" }])
    await refusal(() => createWebhookHandler(server, options as WebhookOptions));
  const pulling = createTaskServer({
    tasks,
    backend: memoryBackend(),
    only: ["other"],
    handlers: { other: () => {} },
  });
  expect(await refusal(() => createWebhookHandler(pulling))).toMatchObject({ code: "NOT_SUPPORTED" });
  expect(await refusal(() => createWebhookHandler(pulling, { backend: "default" }))).toMatchObject({
    code: "NOT_SUPPORTED",
  });
});
