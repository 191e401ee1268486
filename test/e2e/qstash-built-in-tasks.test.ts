import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createTaskServer } from "@taskwright/server";
import { createWebhookHandler, type NodeHandler, toNodeHandler } from "@taskwright/server/http";
import { memoryBackend } from "@taskwright/server/memory";
import { qstashBackend } from "@taskwright/server/qstash";
import { startQstashDev } from "@taskwright/server/qstash-dev";
import { initTasks } from "@taskwright/shared";
import { expect, onTestFinished, test } from "vitest";

/** A server without workers, whose tasks a local QStash delivers to a webhook on a socket. */
async function serverless() {
  const qstash = await startQstashDev({ port: 0 });
  onTestFinished(() => qstash.close());
  let webhook: NodeHandler | undefined;
  const http = createServer((request, response) => void webhook?.(request, response)).listen(0, "127.0.0.1");
  onTestFinished(() => void http.close());
  await once(http, "listening");
  const t = initTasks.create();
  const server = createTaskServer({
    tasks: t.router({ work: t.task }),
    backend: qstashBackend({
      token: qstash.token,
      baseUrl: qstash.url,
      domain: `127.0.0.1:${(http.address() as AddressInfo).port}`,
      currentSigningKey: qstash.currentSigningKey,
      nextSigningKey: qstash.nextSigningKey,
      store: memoryBackend(),
    }),
    handlers: { work: () => {} },
  });
  onTestFinished(() => server.close());
  webhook = toNodeHandler(createWebhookHandler(server));
  return server;
}

test("where no worker runs, deliveries run the built-in tasks that relay and clean up", async () => {
  const { client } = await serverless();
  const old = await client.tasks.work.delay();
  await old.get({ timeout: "20s" });
  const cleaned = await client.clearStaleResults.delay({ since: 0 });
  expect(await cleaned.get({ timeout: "20s" })).toEqual({ deleted: 1 });
  await expect(old.status()).rejects.toMatchObject({ code: "RESULT_NOT_FOUND" });
  const kept = await client.clearStaleResults.delay();
  expect(await kept.get({ timeout: "20s" })).toEqual({ deleted: 0 });
  await (await client.relay.delay()).get({ timeout: "20s" });
});
