import { ApiError, badRequest } from "../engine/api-error.ts";
import type { QstashEngine } from "../engine/engine.ts";
import type { Route } from "./route.ts";
import { type MatchedRoute, matchRoute } from "./route-table.ts";

/** What a request does not say itself. */
export interface RequestOrigin {
  /** Path and query exactly as they came; parsing a URL would change the destination in them. */
  readonly target?: string;
  readonly callerIp?: string;
}

const SETTINGS_BYTES = 1024 * 1024;

function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}

function refuse(error: ApiError): Response {
  return json(error.status, { error: error.message }, error.headers);
}

function checkToken({ token }: QstashEngine, headers: Headers): void {
  const given = /^Bearer (\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  if (given === undefined) {
    throw new ApiError(401, "The header Authorization must be: Bearer, and a token.");
  }
  if (token !== null && given !== token) throw new ApiError(401, "The token is not this server's.");
}

function longestBody({ limits }: QstashEngine, { body }: Route): number {
  if (body === "batch") return 10 * limits.messageBytes;
  return body === "message" ? limits.messageBytes : SETTINGS_BYTES;
}

function tooLong(longest: number): ApiError {
  const message = `The body is longer than the ${longest} bytes that this server allows.`;
  return new ApiError(413, message, { connection: "close" });
}

/** Reads a body up to a length, and leaves the rest of a longer one where it is. */
async function readBody(request: Request, longest: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > longest) throw tooLong(longest);
  if (request.body === null) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of request.body) {
      length += part.length;
      if (length > longest) throw tooLong(longest);
      parts.push(part);
    }
  } catch (error) {
    throw error instanceof ApiError ? error : badRequest("The body did not arrive whole.");
  }
  return Buffer.concat(parts);
}

function targetOf(request: Request): string {
  const afterScheme = request.url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "");
  return afterScheme.replace(/#.*$/s, "");
}

async function handle(
  engine: QstashEngine,
  request: Request,
  { target, callerIp }: Required<RequestOrigin>,
): Promise<Response> {
  const { headers } = request;
  checkToken(engine, headers);
  const matched: MatchedRoute | undefined = matchRoute(request.method, target);
  if (matched === undefined) throw new ApiError(404, "There is no such route on this server.");
  const { route, params } = matched;
  const body = await readBody(request, longestBody(engine, route));
  const queryAt = target.indexOf("?");
  const query = new URLSearchParams(queryAt < 0 ? "" : target.slice(queryAt + 1));
  const call = { engine, params, query, headers, body, callerIp };
  const reply = engine.store.atomically(() => {
    try {
      return route.handle(call);
    } catch (error) {
      // What was done before the refusal is in memory, so it is stored too.
      if (error instanceof ApiError) return error;
      throw error;
    }
  });
  if (reply instanceof ApiError) throw reply;
  return json(reply.status ?? 200, reply.body ?? {});
}

/** Answers one request as QStash would; never rejects. */
export async function answerRequest(
  engine: QstashEngine,
  request: Request,
  { target = targetOf(request), callerIp = "127.0.0.1" }: RequestOrigin = {},
): Promise<Response> {
  try {
    return await handle(engine, request, { target, callerIp });
  } catch (error) {
    if (error instanceof ApiError) return refuse(error);
    engine.fault(error);
    return json(500, { error: "The server failed; its log says why." });
  }
}
