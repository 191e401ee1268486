export { createWorker, type Worker } from "./worker.ts";
export type { WorkerOptions } from "./worker-options.ts";
