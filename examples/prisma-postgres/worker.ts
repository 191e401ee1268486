// The worker: a process of its own that runs what others enqueued, until it is told to stop.
import { createWorker } from "@taskwright/server/worker";
import { openDatabase } from "./database.ts";
import { printingMailer } from "./printing-mailer.ts";
import { createServer } from "./server.ts";
import { databaseUrl } from "./settings.ts";

const database = openDatabase(databaseUrl());
const server = createServer(database, printingMailer);
// Handlers with a transaction have a connection each, and the pool has ten.
const worker = createWorker(server, { concurrency: 5 });

async function stop(): Promise<void> {
  await worker.stop();
  await server.close();
  await database[Symbol.asyncDispose]();
}

process.once("SIGTERM", stop).once("SIGINT", stop);
await worker.start();
