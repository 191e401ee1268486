// The worker: a process of its own that runs what others enqueued. start.ts starts it; `node worker.ts` runs it alone.
import { createWorker } from "@taskwright/server/worker";
import { createMailer } from "./mail.ts";
import { createServer } from "./server.ts";
import { readSettings } from "./settings.ts";

const [mode, id] = process.argv.slice(2);
const isChild = mode === "--child";
const settings = readSettings();
const mailer = await createMailer(settings);
// What goes wrong is in the summary of start.ts; alone, a worker says it on stderr.
const server = createServer(settings.databaseFile, mailer, isChild ? { logger: false } : {});
const worker = createWorker(server, {
  concurrency: 10,
  ...(id === undefined ? {} : { id }),
  claimInterval: "2s", // how often to look for mails that a killed worker held
});

async function stop(): Promise<void> {
  await worker.stop();
  await server.close();
  mailer.close();
}

process.once("SIGTERM", stop);
if (isChild) {
  // The channel to start.ts closes when start.ts wants the worker to stop, and also when start.ts was killed.
  process.once("disconnect", stop);
  // Ctrl-C and a closed terminal reach both processes; start.ts answers them.
  process.on("SIGINT", () => {}).on("SIGHUP", () => {});
  if (process.connected) await worker.start();
} else {
  process.once("SIGINT", stop);
  await worker.start();
}
