import pg from "pg";
import { PgBoss } from "pg-boss";
import { pause } from "../harness/clock.ts";
import type { OpenSubject, Subject } from "../harness/subject.ts";
import { type BenchInput, benchOutput } from "./contract.ts";
import { countStatements, createSchema, dropSchema, POSTGRES_URL } from "./postgres-server.ts";

const QUEUE = "send-email";
const LARGEST_FETCH = 2_000;
/** Two workers in one process overlap as two loops do. */
const WORKERS = 2;
const LOOK_EVERY_MS = 5;

function bossOf(schema: string): PgBoss {
  const boss = new PgBoss({ connectionString: POSTGRES_URL, schema, useListenNotify: true });
  boss.on("error", (error) => console.error("error", error));
  return boss;
}

/** pg-boss with large batches and LISTEN; finished jobs and their results are kept, as by default. */
export const pgBoss: Subject = {
  name: "pg-boss",
  isFloor: false,
  isPeer: true,
  isShared: true,
  createStore: async () => {
    const schema = await createSchema();
    const boss = bossOf(schema);
    await boss.start();
    await boss.createQueue(QUEUE, { notify: true });
    await boss.stop();
    return schema;
  },
  removeStore: dropSchema,
  open: async (schema, noteRun): Promise<OpenSubject> => {
    const statements = countStatements();
    // Without statistics, the planner would look for what waits by reading the whole table.
    const pool = new pg.Pool({ connectionString: POSTGRES_URL, max: 1, options: "-c enable_seqscan=off" });
    const boss = bossOf(schema);
    await boss.start();
    let ran = 0;
    const work = async () => {
      await boss.work<BenchInput>(
        QUEUE,
        {
          batchSize: LARGEST_FETCH,
          localConcurrency: WORKERS,
          burstWhenBatchFull: true,
          perJobResults: true,
        } as const,
        async (jobs) =>
          jobs.map(({ id, data }) => {
            noteRun(data);
            ran++;
            return { id, status: "completed" as const, output: benchOutput(data) };
          }),
      );
    };
    const counts = async () => {
      const { rows } = await pool.query(
        `SELECT count(*) FILTER (WHERE state < 'completed')::integer AS ready,
          count(*) FILTER (WHERE state = 'completed')::integer AS successful FROM ${schema}.job WHERE name = $1`,
        [QUEUE],
      );
      return rows[0] as { ready: number; successful: number };
    };
    /** Looks only when nothing has run for a moment, so that it costs nothing while there is work. */
    const untilAllTaken = async () => {
      for (let before = -1; ; ) {
        const isQuiet = before === ran;
        before = ran;
        if (isQuiet) {
          const { rows } = await pool.query(
            `SELECT FROM ${schema}.job WHERE name = $1 AND state < 'active' LIMIT 1`,
            [QUEUE],
          );
          if (rows.length === 0) return;
        }
        await pause(LOOK_EVERY_MS);
      }
    };
    return {
      enqueue: (input) => boss.send(QUEUE, input),
      enqueueMany: (inputs) =>
        boss.insert(
          QUEUE,
          inputs.map((data) => ({ data })),
        ),
      drain: async () => {
        await work();
        await untilAllTaken();
        await boss.offWork(QUEUE, { wait: true });
      },
      startWorker: async () => {
        await work();
        return { stop: () => boss.offWork(QUEUE) };
      },
      counts,
      statements,
      close: async () => {
        await boss.stop({ graceful: false });
        await pool.end();
      },
    };
  },
};
