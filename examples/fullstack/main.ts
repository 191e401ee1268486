// `npm start`: the built page, the app and a worker in one process. The worker might as well be another, on the same file.
import { once } from "node:events";
import { join } from "node:path";
import { createWorker } from "@taskwright/server/worker";
import { pretendMailer } from "./mailer.ts";
import { serveApp } from "./serve-app.ts";
import { createServer } from "./server.ts";
import { databaseFile, port, secret } from "./settings.ts";

await using server = createServer(databaseFile, pretendMailer);
const worker = createWorker(server, { concurrency: 4 });
await worker.start();
await using app = await serveApp(server, { secret, port, page: join(import.meta.dirname, "dist") });
console.log(`Open http://localhost:${app.port}`);
await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
await worker.stop();
