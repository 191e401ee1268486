import { once } from "node:events";
import { Queue, Worker } from "bullmq";
import { CONCURRENCY, type OpenSubject, type Subject } from "../harness/subject.ts";
import { type BenchInput, type BenchOutput, benchOutput } from "./contract.ts";
import { createDatabase, emptyDatabase, meterRedis, placeOf } from "./redis-server.ts";

const QUEUE = "send-email";
const DATABASE = 11;

/**
 * BullMQ at a concurrency of 100, with which its page on the matter begins for jobs that wait.
 *
 * Finished jobs and their results are kept, as by default.
 */
export const bullMq: Subject = {
  name: "bullmq",
  isFloor: false,
  isPeer: true,
  isShared: true,
  createStore: () => createDatabase(DATABASE),
  removeStore: emptyDatabase,
  open: async (address, noteRun): Promise<OpenSubject> => {
    const meter = await meterRedis(address);
    const place = placeOf(address);
    const queue = new Queue<BenchInput, BenchOutput>(QUEUE, { connection: place });
    await queue.waitUntilReady();
    const work = () => {
      const worker = new Worker<BenchInput, BenchOutput>(
        QUEUE,
        async ({ data }) => {
          noteRun(data);
          return benchOutput(data);
        },
        // Its workers ask for commands that are retried without end.
        { connection: { ...place, maxRetriesPerRequest: null }, concurrency: CONCURRENCY },
      );
      worker.on("error", (error) => console.error("error", error));
      return worker;
    };
    return {
      enqueue: (input) => queue.add(QUEUE, input),
      enqueueMany: (inputs) => queue.addBulk(inputs.map((data) => ({ name: QUEUE, data }))),
      drain: async () => {
        const worker = work();
        await once(worker, "drained");
        // Waits for those that still run.
        await worker.close();
      },
      startWorker: async () => {
        const worker = work();
        await worker.waitUntilReady();
        return { stop: () => worker.close() };
      },
      counts: async () => {
        const {
          waiting = 0,
          active = 0,
          completed = 0,
        } = await queue.getJobCounts("waiting", "active", "completed");
        return { ready: waiting + active, successful: completed };
      },
      statements: meter.statements,
      serverCpuMs: meter.serverCpuMs,
      close: async () => {
        await queue.close();
        meter.close();
      },
    };
  },
};
