import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import type { TaskServer } from "@taskwright/server";
import { type AppSettings, createApp } from "./app.ts";
import type { tasks } from "./tasks.ts";

export interface ServedApp extends AsyncDisposable {
  readonly port: number;
}

/** Serves the app on a port of this machine, 0 for a free one; disposing of it breaks open connections. */
export async function serveApp(
  server: TaskServer<typeof tasks>,
  { port, ...settings }: AppSettings & { readonly port: number },
): Promise<ServedApp> {
  const { fetch } = createApp(server, settings);
  const http = await new Promise<Server>((resolve, reject) => {
    const starting = serve({ fetch, port, hostname: "127.0.0.1" }, () => resolve(starting)) as Server;
    starting.once("error", reject);
  });
  // Ends connections that nobody reads; those that are only silent are kept by the pings of tRPC.
  http.setTimeout(120_000);
  return {
    port: (http.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        // Pages that follow a mail keep theirs open, and come back.
        http.closeAllConnections();
      }),
  };
}
