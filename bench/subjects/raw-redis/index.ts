import type { OpenSubject, Subject } from "../../harness/subject.ts";
import { Coalescer } from "../coalescer.ts";
import { createDatabase, emptyDatabase, meterRedis } from "../redis-server.ts";
import { RawStore } from "./store.ts";
import { drainRaw, RawWorker } from "./worker.ts";

const DATABASE = 10;

/** The floor: two scripts and loops written by hand, nothing checked. */
export const rawRedis: Subject = {
  name: "floor",
  isFloor: true,
  isShared: true,
  createStore: () => createDatabase(DATABASE),
  removeStore: emptyDatabase,
  open: async (address, noteRun): Promise<OpenSubject> => {
    const meter = await meterRedis(address);
    const store = await RawStore.open(address);
    const coalescer = new Coalescer((inputs) => store.insert(inputs));
    return {
      enqueue: (input) => coalescer.add(input),
      enqueueMany: (inputs) => store.insert(inputs),
      drain: () => drainRaw(store, noteRun),
      startWorker: async () => new RawWorker(store, noteRun),
      counts: () => store.count(),
      statements: meter.statements,
      serverCpuMs: meter.serverCpuMs,
      close: async () => {
        store.close();
        meter.close();
      },
    };
  },
};
