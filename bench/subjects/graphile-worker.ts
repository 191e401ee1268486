import { Logger, makeWorkerUtils, run, runOnce, type TaskList, WorkerPreset } from "graphile-worker";
import pg from "pg";
import { CONCURRENCY, type OpenSubject, type Subject } from "../harness/subject.ts";
import type { BenchInput } from "./contract.ts";
import { countStatements, createSchema, dropSchema, POSTGRES_URL } from "./postgres-server.ts";

const TASK = "send_email";
const LOCAL_QUEUE = 2_000;

const quiet = new Logger(() => (level, message) => {
  // Its warning that ten connections are few for 100 jobs at once is about jobs that use them; more would be too many here.
  if (level === "error") console.error(level, message);
});

/** As its page on performance advises for many short jobs: a local queue, and batches of completions. */
function presetOf(schema: string): GraphileConfig.Preset {
  return {
    extends: [WorkerPreset],
    worker: {
      schema,
      logger: quiet,
      concurrentJobs: CONCURRENCY,
      localQueue: { size: LOCAL_QUEUE },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
    },
  };
}

/** graphile-worker, which deletes finished jobs and keeps no results. */
export const graphileWorker: Subject = {
  name: "graphile-worker",
  isFloor: false,
  isPeer: true,
  isShared: true,
  createStore: async () => {
    const schema = await createSchema();
    const utils = await makeWorkerUtils({ connectionString: POSTGRES_URL, schema, logger: quiet });
    await utils.migrate();
    await utils.release();
    return schema;
  },
  removeStore: dropSchema,
  open: async (schema, noteRun): Promise<OpenSubject> => {
    const statements = countStatements();
    const pool = new pg.Pool({ connectionString: POSTGRES_URL, max: 10 });
    // It asks for handlers of its own against connections that break.
    pool.on("error", () => undefined);
    pool.on("connect", (client) => client.on("error", () => undefined));
    const place = { preset: presetOf(schema), pgPool: pool };
    const utils = await makeWorkerUtils(place);
    const taskList: TaskList = { [TASK]: async (payload) => noteRun(payload as BenchInput) };
    let enqueued = 0;
    return {
      enqueue: async (input) => {
        await utils.addJob(TASK, input);
        enqueued++;
      },
      enqueueMany: async (inputs) => {
        await utils.addJobs(inputs.map((payload) => ({ identifier: TASK, payload })));
        enqueued += inputs.length;
      },
      drain: () => runOnce({ ...place, taskList, noHandleSignals: true }),
      startWorker: () => run({ ...place, taskList, noHandleSignals: true }),
      // The successful ones are gone; only the process that enqueued knows how many there were.
      counts: async () => {
        const { rows } = await pool.query(`SELECT count(*)::integer AS ready FROM ${schema}._private_jobs`);
        const { ready } = rows[0] as { ready: number };
        return { ready, successful: enqueued - ready };
      },
      statements,
      close: async () => {
        await utils.release();
        await pool.end();
      },
    };
  },
};
