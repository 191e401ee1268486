import { type Backend, createTaskServer } from "@taskwright/server";
import { createWorker } from "@taskwright/server/worker";
import { CONCURRENCY, type OpenSubject, type ServerMeter, type Subject } from "../harness/subject.ts";
import { benchOutput, tasks } from "./contract.ts";

/** Taskwright on a backend, used as its guides say; nothing is switched off. */
export function taskwright(options: {
  readonly name: string;
  readonly isShared: boolean;
  readonly createStore: (folder: string) => Promise<string>;
  readonly removeStore?: (address: string) => Promise<void>;
  readonly backend: (address: string) => Backend;
  /** Called when a process begins to use a store; answers what counts its statements. */
  readonly countStatements?: () => () => number;
  /** Instead, where the store's server counts them itself. */
  readonly meter?: (address: string) => Promise<ServerMeter>;
}): Subject {
  const { name, isShared, createStore, removeStore, backend, countStatements, meter: openMeter } = options;
  return {
    name,
    isFloor: false,
    isShared,
    createStore,
    ...(removeStore === undefined ? {} : { removeStore }),
    open: async (address, noteRun): Promise<OpenSubject> => {
      const meter = await openMeter?.(address);
      const statements = countStatements?.() ?? meter?.statements;
      const server = createTaskServer({
        tasks,
        backend: backend(address),
        logger: warningsOnly,
        handlers: {
          sendEmail: async ({ input }) => {
            noteRun(input);
            return benchOutput(input);
          },
        },
      });
      await server.open();
      const { sendEmail } = server.client.tasks;
      return {
        enqueue: (input) => sendEmail.delay(input),
        enqueueMany: (inputs) => sendEmail.enqueueMany(inputs),
        drain: async () => {
          const worker = createWorker(server, { concurrency: CONCURRENCY, once: true });
          await worker.start();
          await worker.stopped;
        },
        startWorker: async () => {
          const worker = createWorker(server, { concurrency: CONCURRENCY });
          await worker.start();
          return worker;
        },
        counts: async () => {
          const counts = await server.executor.getTaskCounts();
          return { ready: counts.READY, successful: counts.SUCCESSFUL };
        },
        ...(statements === undefined ? {} : { statements }),
        ...(meter === undefined ? {} : { serverCpuMs: meter.serverCpuMs }),
        close: async () => {
          await server.close();
          meter?.close();
        },
      };
    },
  };
}

const ignore = () => {};

/** A warning in a benchmark means that it measures something else than it says. */
const warningsOnly = {
  debug: ignore,
  info: ignore,
  warn: (facts: unknown, message?: string) => console.error("warn", message ?? "", facts),
  error: (facts: unknown, message?: string) => console.error("error", message ?? "", facts),
};
