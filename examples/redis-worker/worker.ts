// The worker: a process of its own, here or on another machine, that counts until it is told to stop.
import { createWorker } from "@taskwright/server/worker";
import { createServer } from "./server.ts";
import { sayIfUnreachable } from "./settings.ts";

await using server = createServer();
// Counting needs the processor, so more at once would not be faster; more workers are.
const worker = createWorker(server, { concurrency: 1 });
const stop = () => void worker.stop();
// The last is the end of start.ts, where that has started it; the way to it alone must not keep a stopped worker alive.
process.once("SIGTERM", stop).once("SIGINT", stop).once("disconnect", stop);
process.channel?.unref();

try {
  await worker.start();
  console.log(`worker ${process.pid} waits for tasks`);
  await worker.stopped;
} catch (error) {
  sayIfUnreachable(error);
}
