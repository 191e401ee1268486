// The app on Node's server. On a serverless host, export `createApp(createServer())` as that wants it instead.
import { once } from "node:events";
import { serve } from "@hono/node-server";
import { createApp } from "./app.ts";
import { createServer } from "./server.ts";

await using server = createServer();
const { schedules } = server.client;
// Said at each start: what is there already stays untouched. QStash counts a message for each tick.
await schedules.create({ id: "report", task: "report", cron: "* * * * *" });
await schedules.create({ id: "relay", task: "taskwright.relay", cron: "*/10 * * * *" });
await schedules.create({ id: "clean-up", task: "taskwright.clearStaleResults", cron: "0 4 * * *" });

const port = Number(process.env.PORT || 3000);
const http = serve({ fetch: createApp(server).fetch, port }, () => {
  console.log(`The app listens on http://localhost:${port}`);
});
await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
http.close();
