import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { toNodeHandler } from "./node-handler.ts";
import { BodyRefused, readBody } from "./read-body.ts";

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Listens on a free port until the test ends. */
async function listen(listener: Listener): Promise<number> {
  const server = createServer((request, response) => void listener(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A handler that says what it was asked. */
async function echo(request: Request): Promise<Response> {
  const { method, url } = request;
  const headers = Object.fromEntries(request.headers);
  const body = Buffer.from(await request.arrayBuffer()).toString("base64");
  return Response.json({ method, url, headers, body }, { status: 207, headers: { "x-answer": "yes" } });
}

/** A handler that reads bodies as the webhook does. */
async function limited(request: Request): Promise<Response> {
  try {
    return Response.json({ length: (await readBody(request, { maxBytes: 1_000, timeoutMs: 5_000 })).length });
  } catch (error) {
    if (error instanceof BodyRefused) return new Response(error.message, { status: error.status });
    throw error;
  }
}

test("requests and answers pass with method, URL, headers and every byte of their bodies", async () => {
  const port = await listen(toNodeHandler(echo));
  const body = Uint8Array.from({ length: 70_000 }, (_, index) => index);
  const answer = await fetch(`http://127.0.0.1:${port}/a/b/?c=%20d`, {
    method: "POST",
    body,
    headers: { "upstash-signature": "a.b.c" },
  });
  expect([answer.status, answer.headers.get("x-answer")]).toEqual([207, "yes"]);
  const seen = (await answer.json()) as {
    readonly url: string;
    readonly body: string;
    readonly headers: object;
  };
  expect(seen).toMatchObject({ method: "POST", headers: { "upstash-signature": "a.b.c" } });
  expect(new URL(seen.url).pathname + new URL(seen.url).search).toBe("/a/b/?c=%20d");
  expect(Buffer.from(seen.body, "base64").equals(body)).toBe(true);
});

test("GET and HEAD have no body, and a header that comes several times is joined", async () => {
  const port = await listen(toNodeHandler(echo));
  const [response] = (await new Promise<IncomingMessage[]>((resolve) => {
    httpRequest({ port, headers: { "x-many": ["a", "b"] } }, (got) => resolve([got])).end();
  })) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  expect(JSON.parse(Buffer.concat(parts).toString())).toMatchObject({
    method: "GET",
    body: "",
    headers: { "x-many": "a, b" },
  });
  expect((await fetch(`http://127.0.0.1:${port}/`, { method: "HEAD" })).status).toBe(207);
});

test("under a mount path, as Express has it, the whole URL is the one that counts, and the body is still whole", async () => {
  const handler = toNodeHandler(echo);
  const port = await listen((request, response) => {
    Object.assign(request, { originalUrl: request.url, url: "/" });
    return handler(request, response);
  });
  const answer = await fetch(`http://127.0.0.1:${port}/qstash/webhook/`, {
    method: "POST",
    body: "the body",
  });
  const seen = (await answer.json()) as { readonly url: string; readonly body: string };
  expect(new URL(seen.url).pathname).toBe("/qstash/webhook/");
  expect(Buffer.from(seen.body, "base64").toString()).toBe("the body");
});

test("a body that a parser has read before comes as one that has been used", async () => {
  const handler = toNodeHandler(limited);
  const port = await listen(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    Object.assign(request, { body: JSON.parse(Buffer.concat(parts).toString()) as unknown });
    await handler(request, response);
  });
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "{}" });
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain("body parser");
});

test("a body that is too long is answered, although nobody reads the rest of it", async () => {
  const port = await listen(toNodeHandler(limited));
  const long = "x".repeat(5_000_000);
  expect((await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: long })).status).toBe(413);
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  socket.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  socket.write(`1000\r\n${"x".repeat(0x1000)}\r\n`);
  const [head] = (await once(socket, "data")) as [Buffer];
  expect(head.toString()).toMatch(/^HTTP\/1\.1 413 /);
});

test("what is no request that Fetch has is answered 400, and the process goes on", async () => {
  const port = await listen(toNodeHandler(echo));
  for (const line of ["TRACE / HTTP/1.1", "GET //[ HTTP/1.1"]) {
    const socket = connect(port, "127.0.0.1");
    socket.write(`${line}\r\nHost: a\r\nConnection: close\r\n\r\n`);
    const [head] = (await once(socket, "data")) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1\.1 (400|207) /);
    socket.destroy();
  }
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(207);
});

test("a handler that throws is answered 500 without its words", async () => {
  const port = await listen(toNodeHandler(() => Promise.reject(new Error("a secret"))));
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "{}" });
  expect([answer.status, await answer.text()]).toEqual([500, ""]);
});

test("a caller that hangs up ends its request's signal, and nothing else", async () => {
  const begun = Promise.withResolvers<AbortSignal>();
  const port = await listen(
    toNodeHandler(async ({ signal }) => {
      begun.resolve(signal);
      await once(signal, "abort");
      return new Response("nobody hears it");
    }),
  );
  const stop = new AbortController();
  const asking = fetch(`http://127.0.0.1:${port}/`, { signal: stop.signal }).catch(() => undefined);
  const signal = await begun.promise;
  stop.abort();
  await asking;
  if (!signal.aborted) await once(signal, "abort");
  expect(signal.aborted).toBe(true);
});

test("an answer arrives while it is made, and ends when its caller hangs up", async () => {
  const rest = Promise.withResolvers<string>();
  const cancelled = Promise.withResolvers<void>();
  const parts = ["first", rest.promise];
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const part = await (parts.shift() ?? new Promise<never>(() => {}));
        controller.enqueue(Buffer.from(part));
      },
      cancel: () => cancelled.resolve(),
    },
    { highWaterMark: 0 },
  );
  const port = await listen(toNodeHandler(async () => new Response(body)));
  const stop = new AbortController();
  const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: stop.signal });
  const reader = answer.body?.getReader();
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("first");
  rest.resolve("second");
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("second");
  stop.abort();
  await cancelled.promise;
});

test("an answer that breaks off does not look like a whole one", async () => {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(Buffer.from("half of")),
    pull: (controller) => controller.error(new Error("a secret")),
  });
  const port = await listen(toNodeHandler(async () => new Response(body)));
  await expect(fetch(`http://127.0.0.1:${port}/`).then((answer) => answer.text())).rejects.toThrow();
});

test("every cookie of an answer arrives", async () => {
  const headers = new Headers([
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
  ]);
  const port = await listen(toNodeHandler(async () => new Response(null, { status: 401, headers })));
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  expect([answer.status, answer.headers.getSetCookie()]).toEqual([401, ["a=1", "b=2"]]);
});
