import type { OpenSubject, Subject } from "../../harness/subject.ts";
import { Coalescer } from "../coalescer.ts";
import { countStatements, createDatabase, dropDatabase, onServer } from "../mariadb-server.ts";
import { RawDatabase, TABLE } from "./database.ts";
import { drainRaw, RawWorker } from "./worker.ts";

/** The floor: `mariadb`, one table and loops written by hand, nothing checked. */
export const rawMariadb: Subject = {
  name: "floor",
  isFloor: true,
  isShared: true,
  createStore: async () => {
    const name = await createDatabase();
    await onServer((connection) => connection.query(TABLE), name);
    return name;
  },
  removeStore: dropDatabase,
  open: async (name, noteRun): Promise<OpenSubject> => {
    const statements = countStatements();
    const database = new RawDatabase(name);
    const coalescer = new Coalescer((inputs) => database.insert(inputs));
    return {
      enqueue: (input) => coalescer.add(input),
      enqueueMany: (inputs) => database.insert(inputs),
      drain: () => drainRaw(database, noteRun),
      startWorker: async () => new RawWorker(database, noteRun),
      counts: () => database.count(),
      statements,
      close: () => database.pool.end(),
    };
  },
};
