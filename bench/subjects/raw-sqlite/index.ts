import { join } from "node:path";
import { sqliteBackend } from "@taskwright/server/sqlite";
import type { OpenSubject, Subject } from "../../harness/subject.ts";
import { Coalescer } from "./coalescer.ts";
import { RawDatabase } from "./database.ts";
import { drainRaw, RawWorker } from "./worker.ts";

/**
 * The floor: node:sqlite and loops written by hand, nothing checked.
 *
 * The backend itself makes the file, so tables, indexes and the WAL mode are always those of the present schema.
 */
export const rawSqlite: Subject = {
  name: "floor",
  isFloor: true,
  isShared: true,
  createStore: async (folder) => {
    const file = join(folder, "bench.db");
    const backend = sqliteBackend({ file });
    await backend.open();
    await backend.close();
    return file;
  },
  open: async (file, noteRun): Promise<OpenSubject> => {
    const database = new RawDatabase(file);
    const coalescer = new Coalescer((inputs) => database.insert(inputs));
    return {
      enqueue: (input) => coalescer.add(input),
      enqueueMany: async (inputs) => {
        database.insert(inputs);
      },
      drain: async () => drainRaw(database, noteRun),
      startWorker: async () => {
        const worker = new RawWorker(database, file, noteRun);
        worker.start();
        return worker;
      },
      counts: async () => database.count(),
      close: async () => database.close(),
    };
  },
};
