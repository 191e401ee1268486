import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Takes a request of Node's own server. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

function headersOf(request: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    // HTTP/2 has parts of the request line among them.
    if (name.startsWith(":")) continue;
    for (const one of [value].flat()) if (one !== undefined) headers.append(name, one);
  }
  return headers;
}

/** The request as Fetch has it; of one whose body something else has read, with a body that has been used. */
async function toRequest(incoming: IncomingMessage, signal: AbortSignal): Promise<Request> {
  const { method = "GET" } = incoming;
  // Express and others cut their mount path off `url` and keep the whole in `originalUrl`.
  const { originalUrl } = incoming as { originalUrl?: string };
  const url = new URL(`http://localhost${originalUrl ?? incoming.url ?? "/"}`);
  const hasBody = method !== "GET" && method !== "HEAD";
  const isRead = incoming.readableEnded || incoming.readableDidRead;
  const request = new Request(url, {
    method,
    headers: headersOf(incoming),
    signal,
    ...(hasBody
      ? { body: isRead ? "" : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>), duplex: "half" }
      : {}),
  } as RequestInit);
  if (hasBody && isRead) await request.text();
  return request;
}

async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) outgoing.setHeader(name, value);
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader("set-cookie", cookies);
  if (response.body === null) {
    outgoing.end();
    return;
  }
  // Subscriptions over tRPC say something now and then, and the first of it may come late.
  outgoing.flushHeaders();
  await pipeline(Readable.fromWeb(response.body as ReadableStream<Uint8Array>), outgoing);
}

/**
 * Makes a handler for `node:http`, Express and whatever else hands on Node's own requests, of one for Fetch requests.
 *
 * The body must not have been read: mount it before any body parser. It never rejects: what is no request that Fetch has is
 * answered 400, and what the handler throws 500.
 */
export function toNodeHandler(handler: (request: Request) => Promise<Response>): NodeHandler {
  return async (incoming, outgoing) => {
    const gone = new AbortController();
    outgoing.once("close", () => gone.abort());
    let request: Request;
    try {
      request = await toRequest(incoming, gone.signal);
    } catch {
      outgoing.writeHead(400).end();
      return;
    }
    try {
      await send(await handler(request), outgoing);
    } catch {
      // Else it broke off on its way, and the connection with it, so that it does not look like a whole one.
      if (!outgoing.headersSent) outgoing.writeHead(500).end();
    } finally {
      // What of the body nobody wanted must not keep the connection waiting.
      if (!incoming.readableEnded) incoming.resume();
    }
  };
}
