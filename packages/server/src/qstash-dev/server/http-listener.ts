import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { TaskError } from "@taskwright/shared";
import type { RequestOrigin } from "../routes/answer-request.ts";

/** What answers the requests; never rejects. */
export type Answer = (request: Request, origin: RequestOrigin) => Promise<Response>;

/** Where to listen. */
export interface ListenOptions {
  readonly port: number;
  readonly host: string;
  /** How long a whole request may take to arrive, in milliseconds. */
  readonly requestTimeoutMs: number;
}

/** Hosts that only this machine means. */
const LOOPBACK = /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/i;

const METHODS: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const BODILESS: readonly string[] = ["GET", "HEAD"];

function toRequest(incoming: IncomingMessage): Request {
  const { method = "GET", rawHeaders } = incoming;
  const headers = new Headers();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index] ?? "", rawHeaders[index + 1] ?? "");
  }
  // The path travels beside the request, as it came.
  return new Request("http://qstash-dev/", {
    method,
    headers,
    ...(BODILESS.includes(method)
      ? {}
      : { body: Readable.toWeb(incoming) as ReadableStream, duplex: "half" }),
  } as RequestInit);
}

/**
 * Whether a request to a loopback address names another host, as a web page makes a browser do whose own name points
 * here: it could use the server, as the token is public.
 */
function isStray({ headers, socket }: IncomingMessage): boolean {
  const host = (headers.host ?? "localhost").replace(/:\d*$/, "");
  const address = socket.localAddress?.replace(/^::ffff:/, "") ?? "";
  return LOOPBACK.test(address) && !LOOPBACK.test(host);
}

/** What is wrong with a request before anything is read of it. */
function faultOf(incoming: IncomingMessage): { readonly status: number; readonly error: string } | null {
  if (!METHODS.includes(incoming.method ?? "")) return { status: 404, error: "There is no such route." };
  if (!isStray(incoming)) return null;
  return { status: 403, error: "The Host header must be localhost or a loopback address." };
}

async function respond(answer: Answer, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const fault = faultOf(incoming);
  if (fault !== null) {
    outgoing.writeHead(fault.status, { "content-type": "application/json", connection: "close" });
    outgoing.end(JSON.stringify({ error: fault.error }));
    return;
  }
  const response = await answer(toRequest(incoming), {
    target: incoming.url ?? "/",
    callerIp: incoming.socket.remoteAddress?.replace(/^::ffff:/, "") ?? "127.0.0.1",
  });
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}

function listenFault(error: unknown, { port, host }: ListenOptions): TaskError {
  const { code } = error as { code?: unknown };
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: "another program listens there; end it, or choose another port",
    EACCES: "this process may not; choose a port above 1023",
    EADDRNOTAVAIL: "this machine has no such address; choose another host",
    ENOTFOUND: "there is no host of this name; choose another host",
  };
  const reason = reasons[String(code)] ?? "the system refused; choose another port or host";
  return new TaskError({
    code: "INVALID_OPTION",
    message: `qstash-dev cannot listen on port ${port} of ${host}: ${reason}.`,
    data: { option: "port", port, host },
    cause: error,
  });
}

/** A server on a socket. */
export class HttpListener {
  readonly #server: Server;

  constructor(answer: Answer, requestTimeoutMs: number) {
    this.#server = createServer(
      {
        requestTimeout: requestTimeoutMs,
        headersTimeout: requestTimeoutMs,
        connectionsCheckingInterval: Math.min(1_000, Math.ceil(requestTimeoutMs / 4)),
        // Only how soon idle connections end; close() does not wait for it.
        keepAliveTimeout: 5_000,
        maxHeaderSize: 64 * 1024,
      },
      (incoming, outgoing) => {
        respond(answer, incoming, outgoing).catch(() => outgoing.destroy());
      },
    );
  }

  /** Resolves to the port; rejects with INVALID_OPTION where it cannot be had. */
  listen(options: ListenOptions): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", (error) => reject(listenFault(error, options)));
      this.#server.listen(options.port, options.host, () =>
        resolve((this.#server.address() as AddressInfo).port),
      );
    });
  }

  /** Stops at once, with what is open. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
