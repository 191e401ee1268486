import pg from "pg";
import type { OpenSubject, Subject } from "../../harness/subject.ts";
import { Coalescer } from "../coalescer.ts";
import { countStatements, createSchema, dropSchema, POSTGRES_URL } from "../postgres-server.ts";
import { RawDatabase, tablesOf } from "./database.ts";
import { drainRaw, RawWorker } from "./worker.ts";

/** The floor: `pg`, one table and loops written by hand, nothing checked. */
export const rawPostgres: Subject = {
  name: "floor",
  isFloor: true,
  isShared: true,
  createStore: async () => {
    const schema = await createSchema();
    const client = new pg.Client({ connectionString: POSTGRES_URL });
    await client.connect();
    await client.query(tablesOf(schema));
    await client.end();
    return schema;
  },
  removeStore: dropSchema,
  open: async (schema, noteRun): Promise<OpenSubject> => {
    const statements = countStatements();
    const database = new RawDatabase(POSTGRES_URL, schema);
    const coalescer = new Coalescer((inputs) => database.insert(inputs));
    return {
      enqueue: (input) => coalescer.add(input),
      enqueueMany: (inputs) => database.insert(inputs),
      drain: () => drainRaw(database, noteRun),
      startWorker: async () => {
        const worker = new RawWorker(database, POSTGRES_URL, noteRun);
        await worker.start();
        return worker;
      },
      counts: () => database.count(),
      statements,
      close: () => database.pool.end(),
    };
  },
};
