// The app: a route that enqueues, one that waits for a result, and the webhook that QStash calls for every task.
import type { TaskServer } from "@taskwright/server";
import { createWebhookHandler } from "@taskwright/server/http";
import { Hono } from "hono";
import type { tasks } from "./tasks.ts";

export function createApp(server: TaskServer<typeof tasks>): Hono {
  const { greet } = server.client.tasks;
  const webhook = createWebhookHandler(server);
  return (
    new Hono()
      .post("/greetings", async (c) => {
        const { id } = await greet.delay({ name: c.req.query("name") ?? "world" });
        return c.json({ id }, 202);
      })
      .get("/greetings/:id", async (c) =>
        c.json(await greet.result(c.req.param("id")).get({ timeout: "30s" })),
      )
      // Unread, as the signature is of the raw body.
      .post("/qstash/webhook/", (c) => webhook(c.req.raw))
  );
}
