import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { Readable } from "node:stream";

const NULL_BODY: readonly number[] = [204, 205, 304];

function toResponse(incoming: IncomingMessage): Response {
  const status = incoming.statusCode ?? 0;
  const headers = new Headers();
  for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2) {
    headers.append(incoming.rawHeaders[index] ?? "", incoming.rawHeaders[index + 1] ?? "");
  }
  if (NULL_BODY.includes(status)) {
    incoming.resume();
    return new Response(null, { status, headers });
  }
  return new Response(Readable.toWeb(incoming) as ReadableStream, { status, headers });
}

/** Sends requests by Node's own HTTP client: the global `fetch` gives up after 5 minutes, and messages may take 15. */
export class NodeDelivery {
  readonly #http = new HttpAgent({ keepAlive: false });
  readonly #https = new HttpsAgent({ keepAlive: false });

  /** Rejects where no answer comes; ends with the request's signal. */
  readonly deliver = async (request: Request): Promise<Response> => {
    const body = Buffer.from(await request.arrayBuffer());
    const isHttps = request.url.startsWith("https:");
    return new Promise((resolve, reject) => {
      const outgoing = (isHttps ? httpsRequest : httpRequest)(request.url, {
        method: request.method,
        headers: Object.fromEntries(request.headers),
        agent: isHttps ? this.#https : this.#http,
        signal: request.signal,
      });
      outgoing.on("error", reject);
      outgoing.on("response", (incoming) => {
        try {
          resolve(toResponse(incoming));
        } catch (error) {
          incoming.destroy();
          reject(error);
        }
      });
      outgoing.end(body);
    });
  };

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}
