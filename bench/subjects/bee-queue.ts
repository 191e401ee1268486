import Queue from "bee-queue";
import { pause } from "../harness/clock.ts";
import { CONCURRENCY, type OpenSubject, type Subject } from "../harness/subject.ts";
import { type BenchInput, benchOutput } from "./contract.ts";
import { createDatabase, emptyDatabase, meterRedis } from "./redis-server.ts";

const QUEUE = "send-email";
const DATABASE = 12;
const LOOK_EVERY_MS = 5;
const STALL_MS = 5_000;

/** Without what its page says to leave off where nobody listens for events. */
const NO_EVENTS = { getEvents: false, sendEvents: false, storeJobs: false };

/** bee-queue, which keeps finished jobs by default; what a handler returns is told by events alone, and so is not kept. */
export const beeQueue: Subject = {
  name: "bee-queue",
  isFloor: false,
  isPeer: true,
  isShared: true,
  createStore: () => createDatabase(DATABASE),
  removeStore: emptyDatabase,
  open: async (address, noteRun): Promise<OpenSubject> => {
    const meter = await meterRedis(address);
    const redis = { url: address };
    const queue = new Queue<BenchInput>(QUEUE, { redis, isWorker: false, ...NO_EVENTS });
    queue.on("error", (error) => console.error("error", error));
    await queue.ready();
    let ran = 0;
    /** A queue of its own for each worker, as one can be told to process only once. */
    const work = async () => {
      const worker = new Queue<BenchInput>(QUEUE, { redis, stallInterval: STALL_MS, ...NO_EVENTS });
      worker.on("error", (error) => console.error("error", error));
      await worker.ready();
      worker.process(CONCURRENCY, async ({ data }) => {
        noteRun(data);
        ran++;
        return benchOutput(data);
      });
      await worker.checkStalledJobs(STALL_MS);
      return worker;
    };
    /** Looks only when nothing has run for a moment. Closing gives up what a worker has just fetched, so that must have ended. */
    const untilAllEnded = async () => {
      for (let before = -1; ; ) {
        const isQuiet = before === ran;
        before = ran;
        if (isQuiet) {
          const { waiting, active } = await queue.checkHealth();
          if (waiting + active === 0) return;
        }
        await pause(LOOK_EVERY_MS);
      }
    };
    return {
      enqueue: (input) => queue.createJob(input).save(),
      enqueueMany: async (inputs) => {
        const errors = await queue.saveAll(inputs.map((input) => queue.createJob(input)));
        for (const error of errors.values()) throw error;
      },
      drain: async () => {
        const worker = await work();
        await untilAllEnded();
        await worker.close();
      },
      startWorker: async () => {
        const worker = await work();
        return { stop: () => worker.close() };
      },
      counts: async () => {
        const { waiting, active, succeeded } = await queue.checkHealth();
        return { ready: waiting + active, successful: succeeded };
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
