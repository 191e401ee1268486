import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that reached an endpoint. */
export interface Received {
  readonly url: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What an endpoint answers. */
export interface EndpointAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A receiver of webhooks on a socket, which keeps what it was sent. */
export interface Endpoint extends AsyncDisposable {
  /** `http://127.0.0.1:1234` */
  readonly url: string;
  /** All requests so far. */
  readonly received: readonly Received[];
  /** Resolves to the first request that fits, also one that has come. */
  request(isMeant: (received: Received) => boolean): Promise<Received>;
}

/** Starts an endpoint; an answer that never comes keeps its request open. */
export async function startEndpoint(
  respond: (received: Received, index: number) => EndpointAnswer | Promise<EndpointAnswer> = () => ({}),
): Promise<Endpoint> {
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  const server = createServer(async (incoming, outgoing) => {
    const body = Buffer.concat(await incoming.toArray()).toString();
    const { url = "", method = "", headers } = incoming;
    const index = received.push({ url, method, headers, body }) - 1;
    for (const check of waiting) check();
    const answer = await respond({ url, method, headers, body }, index);
    outgoing.writeHead(answer.status ?? 200, answer.headers).end(answer.body ?? "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    request: (isMeant) =>
      new Promise((resolve) => {
        const check = () => {
          const found = received.find(isMeant);
          if (found === undefined) return;
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        check();
      }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
