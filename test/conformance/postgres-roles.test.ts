// PostgreSQL for users whose sessions have settings of their own.
import { postgresBackend } from "@taskwright/server/postgres";
import { expect, test } from "vitest";
import { aRole, freshSchema, openMigrated, runSql } from "../harness/postgres-store.ts";
import { POSTGRES_URL_VARIABLE } from "./open-postgres.ts";
import { endProcesses, startProcesses } from "./store-processes.ts";
import { DAY, newTask, PATH, START } from "./store-under-test.ts";

const COUNT = 2_000;
const PROCESSES = 4;
const BATCH = 25;

test.for(["serializable", "repeatable read"])(
  "processes of a user whose transactions are %s hand out each task result once, and end all",
  async (isolation, context) => {
    const place = await freshSchema(context);
    const url = await aRole(place, [
      `default_transaction_isolation = '${isolation}'`,
      "timezone = 'America/New_York'",
      "datestyle = 'German'",
    ]);
    await runSql(place, `GRANT ALL ON SCHEMA "${place.schema}" TO "${place.schema}_role"`);
    const backend = await openMigrated(postgresBackend({ url, schema: place.schema }));
    expect(await backend.diagnose()).toContainEqual({
      level: "warning",
      message: expect.stringContaining(`default_transaction_isolation is ${isolation}`),
    });
    // Half of them with keys, and a tenth for later.
    const tasks = Array.from({ length: COUNT }, (_, index) =>
      newTask({
        runAfter: index % 10 === 0 ? START + index : START,
        deduplication: index % 2 === 0 ? { key: `key-${index}`, until: START + DAY } : null,
      }),
    );
    process.env[POSTGRES_URL_VARIABLE] = url;
    const opener = new URL("./open-postgres.ts", import.meta.url).href;
    const namespace = place.schema.replace(/^tw_/, "");
    const store = { fixture: { processes: { opener } }, context: { namespace, directory: "" } };
    const processes = await startProcesses(store, PROCESSES);
    try {
      // The processes claim while this one still enqueues, and the keys are fought for.
      const working = Promise.all(
        processes.map((process, index) =>
          process.ask({ kind: "work", workerId: `worker-${index}`, path: PATH, batch: BATCH, now: START }),
        ),
      );
      for (let from = 0; from < COUNT; from += 100) {
        const batch = { tasks: tasks.slice(from, from + 100), atomic: true, now: START };
        const answers = await Promise.all([
          backend.store.enqueue(batch),
          processes[from % PROCESSES]?.call("store", "enqueue", batch),
        ]);
        expect(answers.flat().map((answer) => answer?.outcome)).toEqual(Array(200).fill("stored"));
      }
      await working;
      await Promise.all(
        processes.map((process, index) =>
          process.ask({ kind: "work", workerId: `worker-${index}`, path: PATH, batch: BATCH, now: START }),
        ),
      );
      const journal = processes.flatMap((process) => process.journal);
      expect(journal.map(({ id }) => id).sort()).toEqual(tasks.map(({ id }) => id).sort());
      expect(journal.filter(({ outcome, attempts }) => outcome !== "applied" || attempts !== 1)).toEqual([]);
    } finally {
      await endProcesses(processes);
    }
    const [counts] = (await backend.inspector?.countByQueue({ now: START + DAY })) ?? [];
    expect(counts).toMatchObject({ due: 0, later: 0, running: 0, successful: COUNT });
    const [record] = await backend.store.get({ ids: [tasks[10]?.id ?? ""] });
    expect(record).toMatchObject({ enqueuedAt: START, runAfter: START + 10, status: "SUCCESSFUL" });
    const time = await backend.readTime?.();
    expect(Math.abs(Number(time) - Date.now())).toBeLessThan(60_000);
  },
);
