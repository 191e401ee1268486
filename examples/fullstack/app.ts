// The app: sessions, tRPC with the session's user in its context, and the page.
import { serveStatic } from "@hono/node-server/serve-static";
import type { TaskServer } from "@taskwright/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { Hono } from "hono";
import { createRouter } from "./router.ts";
import { readSession, sessionRoutes } from "./session.ts";
import type { tasks } from "./tasks.ts";

export interface AppSettings {
  /** What cookies are signed with. */
  readonly secret: string;
  /** The folder of the built page; none where Vite serves it. */
  readonly page?: string;
}

export function createApp(server: TaskServer<typeof tasks>, { secret, page }: AppSettings): Hono {
  const router = createRouter(server);
  const app = new Hono().route("/api/session", sessionRoutes(secret)).all("/api/trpc/*", (c) =>
    fetchRequestHandler({
      endpoint: "/api/trpc",
      req: c.req.raw,
      router,
      createContext: async () => ({ user: await readSession(c, secret) }),
    }),
  );
  return page === undefined ? app : app.use(serveStatic({ root: page }));
}
