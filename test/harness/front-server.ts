import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript" };

/** What stands before an app: it serves a built page, and passes calls below `/trpc` on as a reverse proxy does. */
export interface FrontServer extends AsyncDisposable {
  readonly url: string;
}

function passOn(incoming: IncomingMessage, outgoing: ServerResponse, port: number): void {
  const user = /(?:^|; )user=(\w+)/.exec(incoming.headers.cookie ?? "")?.[1];
  const path = incoming.url?.slice("/trpc".length);
  const headers = { ...incoming.headers, ...(user && { authorization: `Bearer ${user}` }) };
  const passed = request({ host: "127.0.0.1", port, path, method: incoming.method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.on("error", () => outgoing.destroy());
    answer.pipe(outgoing);
  });
  passed.on("error", () => {
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad gateway</h1>");
  });
  outgoing.once("close", () => passed.destroy());
  incoming.pipe(passed);
}

/**
 * Starts one for a folder and the app at a port of this machine; whom the cookie `user` names is told by a bearer token.
 * While nobody listens at that port it answers 502.
 */
export async function startFrontServer(folder: string, port: number): Promise<FrontServer> {
  const server = createServer((incoming, outgoing) => {
    const { pathname } = new URL(incoming.url ?? "/", "http://localhost");
    if (pathname.startsWith("/trpc/")) return passOn(incoming, outgoing, port);
    const file = pathname === "/" ? "/index.html" : pathname;
    outgoing.writeHead(200, { "content-type": TYPES[extname(file)] ?? "text/plain" });
    outgoing.end(readFileSync(join(folder, file)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
