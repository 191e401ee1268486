// `npm run dev`: the app and a worker, and before them Vite, which serves the page as it is being written.
import { once } from "node:events";
import { createWorker } from "@taskwright/server/worker";
import { createServer as createVite } from "vite";
import { pretendMailer } from "./mailer.ts";
import { serveApp } from "./serve-app.ts";
import { createServer } from "./server.ts";
import { databaseFile, port, secret } from "./settings.ts";

await using server = createServer(databaseFile, pretendMailer);
const worker = createWorker(server, { concurrency: 4 });
await worker.start();
await using app = await serveApp(server, { secret, port: 0 });
const vite = await createVite({
  configFile: `${import.meta.dirname}/vite.config.ts`,
  server: { port, proxy: { "/api/": `http://127.0.0.1:${app.port}` } },
});
await vite.listen();
vite.printUrls();
await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
await vite.close();
await worker.stop();
