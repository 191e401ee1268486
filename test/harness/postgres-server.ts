import { onTestFinished, type TestContext } from "vitest";
import type { OwnServer } from "./own-servers/own-server.ts";
import { startServer } from "./own-servers/provide-servers.ts";
import { missingService, skipUnlessFound } from "./services.ts";

/** Starts a server of the test's own, which it may stop and start and which ends with it; skips the test without one. */
export async function startPostgres(context: TestContext): Promise<OwnServer> {
  const server = await startServer("postgres").catch((error: Error) => error);
  if (server instanceof Error) {
    const reason = `none could be started: ${server.message}`;
    skipUnlessFound(context, missingService("postgres", reason), "restarts of the server");
    throw server;
  }
  onTestFinished(() => server.remove());
  return server;
}
