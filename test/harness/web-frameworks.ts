import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { serve } from "@hono/node-server";
import { type HttpHandler, toNodeHandler } from "@taskwright/server/http";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";

/** An app of a framework that listens on a free port. */
export interface WebApp extends AsyncDisposable {
  /** `http://127.0.0.1:1234` */
  readonly url: string;
}

/** How an app of a framework has the endpoints. */
export interface WebFramework {
  readonly name: string;
  /** As its guide says, beside a page of its own at `/page`. */
  mount(handler: HttpHandler): Promise<WebApp>;
  /** Behind something that has read the body of each request. */
  mountAfterParser(handler: HttpHandler): Promise<WebApp>;
}

/** The paths that are the handler's; the webhook has its own. */
const BASE = "/tasks";
const WEBHOOK = "/qstash/webhook/";

async function listening(server: Server): Promise<WebApp> {
  if (!server.listening)
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(0, "127.0.0.1", resolve);
    });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function isOurs({ url = "" }: IncomingMessage): boolean {
  return url.startsWith(`${BASE}/`) || url.startsWith(WEBHOOK.slice(0, -1));
}

const nodeHttp: WebFramework = {
  name: "node:http",
  mount: (handler) => {
    const endpoints = toNodeHandler(handler);
    return listening(
      createServer((request, response) => {
        if (isOurs(request)) void endpoints(request, response);
        else response.end("a page");
      }),
    );
  },
  mountAfterParser: (handler) => {
    const endpoints = toNodeHandler(handler);
    const listener: RequestListener = async (request, response) => {
      await request.toArray();
      await endpoints(request, response);
    };
    return listening(createServer(listener));
  },
};

const expressApp: WebFramework = {
  name: "Express",
  mount: (handler) => {
    const app = express();
    app.use([BASE, WEBHOOK], toNodeHandler(handler));
    app.use(express.json());
    app.get("/page", (_, response) => void response.send("a page"));
    return listening(createServer(app));
  },
  mountAfterParser: (handler) => {
    const app = express();
    app.use(express.json());
    app.use(BASE, toNodeHandler(handler));
    return listening(createServer(app));
  },
};

async function fastifyApp(handler: HttpHandler, withParsers: boolean): Promise<WebApp> {
  const app = fastify({ forceCloseConnections: true });
  const endpoints = toNodeHandler(handler);
  await app.register(async (scope) => {
    if (!withParsers) {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser("*", (_request, _body, done) => done(null));
    }
    for (const path of [`${BASE}/*`, WEBHOOK, WEBHOOK.slice(0, -1)]) {
      scope.all(path, async (request, reply) => {
        reply.hijack();
        await endpoints(request.raw, reply.raw);
      });
    }
  });
  app.get("/page", async () => "a page");
  return { url: await app.listen({ port: 0, host: "127.0.0.1" }), [Symbol.asyncDispose]: () => app.close() };
}

const fastifyFramework: WebFramework = {
  name: "Fastify",
  mount: (handler) => fastifyApp(handler, false),
  mountAfterParser: (handler) => fastifyApp(handler, true),
};

function honoApp(app: Hono): Promise<WebApp> {
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () =>
      resolve(listening(server as Server)),
    );
  });
}

const hono: WebFramework = {
  name: "Hono",
  mount: (handler) => {
    const app = new Hono();
    for (const path of [`${BASE}/*`, `${WEBHOOK}*`]) app.all(path, (context) => handler(context.req.raw));
    app.get("/page", (context) => context.text("a page"));
    return honoApp(app);
  },
  mountAfterParser: (handler) => {
    const app = new Hono();
    app.use(async (context, next) => {
      if (context.req.method === "POST") await context.req.text();
      await next();
    });
    app.all(`${BASE}/*`, (context) => handler(context.req.raw));
    return honoApp(app);
  },
};

/** What a file `route.ts` of Next.js exports: a function for each method. */
type NextRoute = Readonly<Record<string, (request: Request, context: object) => Promise<Response>>>;

/** Calls what a `route.ts` exports as Next.js does: by method, with a Fetch request and the promise of its parameters. */
function nextApp(routeOf: (path: string) => NextRoute | undefined): Promise<WebApp> {
  return listening(
    createServer(async (incoming, outgoing) => {
      const { method = "GET", url = "/", headers } = incoming;
      const gone = new AbortController();
      outgoing.once("close", () => gone.abort());
      const target = new URL(url, `http://${headers.host}`);
      const answer = routeOf(target.pathname)?.[method];
      const hasBody = method !== "GET" && method !== "HEAD";
      const request = new Request(target, {
        method,
        headers: Object.entries(headers).map(([name, value]) => [name, String(value)]),
        signal: gone.signal,
        ...(hasBody ? { body: Readable.toWeb(incoming), duplex: "half" } : {}),
      } as RequestInit);
      const params = Promise.resolve({ path: target.pathname.split("/").slice(2) });
      const response = (await answer?.(request, { params })) ?? new Response(null, { status: 405 });
      outgoing.writeHead(response.status, [...response.headers].flat());
      if (response.body !== null) for await (const part of response.body) outgoing.write(part);
      outgoing.end();
    }),
  );
}

const next: WebFramework = {
  name: "Next.js",
  mount: (handler) => {
    // app/tasks/[...path]/route.ts and app/qstash/webhook/route.ts
    const tasks: NextRoute = { GET: handler, POST: handler, HEAD: handler, OPTIONS: handler };
    const webhook: NextRoute = { POST: handler };
    const page: NextRoute = { GET: async () => new Response("a page") };
    return nextApp((path) => {
      if (path.startsWith(`${BASE}/`)) return tasks;
      return path.startsWith(WEBHOOK.slice(0, -1)) ? webhook : page;
    });
  },
  mountAfterParser: (handler) => {
    const POST = async (request: Request) => {
      await request.text();
      return handler(request);
    };
    return nextApp(() => ({ GET: handler, POST }));
  },
};

/** The frameworks that the guide has a recipe for. */
export const WEB_FRAMEWORKS: readonly WebFramework[] = [hono, expressApp, fastifyFramework, next, nodeHttp];
