import type { Duration } from "@taskwright/shared";
import { expectTypeOf } from "vitest";
import type { AnyTaskServer } from "../create-task-server.ts";
import { createWorker, type Worker, type WorkerOptions } from "./index.ts";

declare const server: AnyTaskServer;
const worker = createWorker(server);

expectTypeOf(worker).toEqualTypeOf<Worker>();
expectTypeOf(worker.start()).toEqualTypeOf<Promise<void>>();
expectTypeOf(worker.stop()).toEqualTypeOf<Promise<void>>();
expectTypeOf(worker.stopped).toEqualTypeOf<Promise<void>>();
expectTypeOf(worker.running).toEqualTypeOf<number>();
expectTypeOf(worker).toExtend<AsyncDisposable>();

const options: WorkerOptions = {
  backend: "bulk",
  queues: ["default", "emails"],
  concurrency: 100,
  id: "worker-1",
  interval: "500ms",
  claimInterval: "30s",
  maxTasks: 10,
  once: true,
  shutdownTimeout: "5s",
  retention: { successful: "1d", failed: false },
};
createWorker(server, options);
createWorker(server, { queues: "emails" });
expectTypeOf<WorkerOptions["interval"]>().toEqualTypeOf<Duration | undefined>();

// @ts-expect-error -- it needs a server
createWorker();
// @ts-expect-error -- and not what a server is made of
createWorker({ tasks: {}, handlers: {} });
// @ts-expect-error -- an unknown option
createWorker(server, { concurency: 1 });
// @ts-expect-error -- a number has no unit
createWorker(server, { interval: 5 });
// @ts-expect-error -- queues are names
createWorker(server, { queues: [1] });
// @ts-expect-error -- true is no duration
createWorker(server, { retention: { failed: true } });
// @ts-expect-error -- a state that is never purged
createWorker(server, { retention: { running: "1d" } });
// @ts-expect-error -- how many run is for the worker to say
worker.running = 1;
