import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createTaskClient } from "@taskwright/client";
import { createHttpHandler, toNodeHandler } from "@taskwright/server/http";
import { createTaskRouter } from "@taskwright/server/trpc";
import type { ProgressUpdate } from "@taskwright/shared";
import { initTRPC } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { expect, test } from "vitest";
import { serveTasks, type tasks } from "./fixtures/trpc/served-tasks.ts";

test("a router of tasks stands among a server's HTTP endpoints, with their auth", async () => {
  const { server, steps, close } = await serveTasks("plain");
  const t = initTRPC.create();
  const router = createTaskRouter(t, server, { procedure: t.procedure, canRead: () => true });
  const handler = createHttpHandler(server, {
    auth: { bearer: "a-token-of-the-tests" },
    trpc: (req) => fetchRequestHandler({ endpoint: "/tasks/trpc", req, router }),
  });
  const http = createServer(toNodeHandler(handler));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/tasks/trpc`;
  const clientWith = (token: string) =>
    createTaskClient<typeof tasks>({ url, headers: { authorization: `Bearer ${token}` } });

  await expect(clientWith("another-token-of-them").tasks.tick.delay()).rejects.toMatchObject({
    code: "FORBIDDEN",
  });
  const refused = await new Promise((resolve) => {
    clientWith("another-token-of-them")
      .tasks.tick.result("a")
      .onProgress(() => {}, { onError: resolve });
  });
  expect(refused).toMatchObject({ code: "FORBIDDEN" });
  const result = await clientWith("a-token-of-the-tests").tasks.steps.delay();
  const told: ProgressUpdate[] = [];
  await new Promise<void>((resolve, reject) => {
    result.onProgress(
      (update) => {
        told.push(update);
        if (update.status === "RUNNING") steps.allow();
        if (update.status === "SUCCESSFUL") resolve();
      },
      { onError: reject },
    );
  });
  expect(told.at(-2)).toEqual({ status: "RUNNING", progress: 0.5 });
  expect(await result.get()).toBe("done");
  http.close();
  http.closeAllConnections();
  await close();
});
