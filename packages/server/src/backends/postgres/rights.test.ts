import { expect, onTestFinished, type TestContext, test } from "vitest";
import { aSchedule } from "../../../../../test/harness/a-schedule.ts";
import {
  aPostgresTask,
  aRole,
  claimAll,
  freshSchema,
  openMigrated,
  type PostgresPlace,
  runSql,
} from "../../../../../test/harness/postgres-store.ts";
import { NOW, refusal, succeed } from "../../../../../test/harness/sqlite-store.ts";
import type { Backend } from "../../backend/index.ts";
import { postgresBackend } from "./index.ts";

const TABLES_MISSING = {
  code: "BACKEND_INCOMPATIBLE",
  message:
    "PostgreSQL: the tables are missing or not as this version makes them; run `taskwright migrate` (42P01).",
  retryable: false,
};
const MAY_NOT = {
  code: "BACKEND_INCOMPATIBLE",
  message:
    "PostgreSQL: the user may not do this; grant it USAGE on the schema and SELECT, INSERT, UPDATE and DELETE on its tables, and for `taskwright migrate` CREATE on the schema (42501).",
  retryable: false,
};

interface Visit {
  readonly place: PostgresPlace;
  /** The store as the user sees it, not yet open. */
  readonly backend: Backend;
  /** Grants or revokes something, with SCHEMA and ROLE in it. */
  readonly decree: (text: string) => Promise<unknown>;
}

/** Tables that another user has made, and a user without rights. */
async function visit(context: TestContext): Promise<Visit> {
  const place = await freshSchema(context);
  const owner = await openMigrated(postgresBackend(place));
  await owner.close();
  const backend = postgresBackend({ url: await aRole(place), schema: place.schema });
  onTestFinished(() => backend.close());
  const decree = (text: string) =>
    runSql(
      place,
      text.replaceAll("SCHEMA", `"${place.schema}"`).replaceAll("ROLE", `"${place.schema}_role"`),
    );
  return { place, backend, decree };
}

async function useAll(backend: Backend): Promise<void> {
  const deduplication = { key: "one", until: NOW + 1 };
  const [task, cancelled] = [aPostgresTask({ deduplication }), aPostgresTask()];
  await backend.store.enqueue({ tasks: [task, cancelled], atomic: true, now: NOW });
  await backend.store.cancel({ id: cancelled.id, now: NOW });
  await backend.store.requeue({ id: cancelled.id, runAfter: NOW + 1, rank: NOW, now: NOW });
  const [claimed] = await claimAll(backend);
  if (claimed !== undefined) await succeed(backend, claimed);
  expect((await backend.store.get({ ids: [task.id] }))[0]?.status).toBe("SUCCESSFUL");
  await backend.store.delete({ ids: [cancelled.id] });
  await backend.maintenance?.purge({
    statuses: ["SUCCESSFUL"],
    finishedBefore: NOW,
    limit: 10,
    dryRun: false,
    now: NOW,
  });
  expect(await backend.store.get({ ids: [task.id, cancelled.id] })).toEqual([null, null]);
  const { schedules } = backend;
  await schedules?.save({ schedule: aSchedule(), call: null, tasks: [], now: NOW });
  const again = {
    schedule: aSchedule({ revision: 2 }),
    call: null,
    tasks: [aPostgresTask({ path: "other" })],
    now: NOW,
  };
  expect(await schedules?.save(again)).toBe("saved");
  expect(await schedules?.delete({ id: again.schedule.id })).toBe("deleted");
}

test("a user without rights is told which to grant, and those are enough", async (context) => {
  const { backend, decree } = await visit(context);
  expect(await refusal(() => backend.open())).toMatchObject(MAY_NOT);
  await decree("GRANT USAGE ON schema SCHEMA TO ROLE");
  expect(await refusal(() => backend.open())).toMatchObject(MAY_NOT);
  await decree("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN schema SCHEMA TO ROLE");
  await backend.open();
  await useAll(backend);
  // As a table that a later migration has made, and that nobody has thought of.
  await decree("REVOKE ALL ON SCHEMA.taskwright_schedule FROM ROLE");
  expect(await refusal(() => backend.schedules?.list({ after: null, limit: 1 }))).toMatchObject(MAY_NOT);
  expect(await backend.diagnose()).toEqual([{ level: "error", message: MAY_NOT.message }]);
  await decree("REVOKE DELETE ON ALL TABLES IN schema SCHEMA FROM ROLE");
  expect(await refusal(() => claimAll(backend))).toMatchObject(MAY_NOT);
  await decree("REVOKE USAGE ON schema SCHEMA FROM ROLE");
  expect(await backend.diagnose()).toEqual([{ level: "error", message: MAY_NOT.message }]);
});

test("a user who may not make tables is told so when it migrates", async (context) => {
  const place = await freshSchema(context);
  const backend = postgresBackend({ url: await aRole(place), schema: place.schema });
  expect(await refusal(() => backend.schema?.migrate())).toMatchObject(MAY_NOT);
  await backend.close();
});

test("tables that are dropped while they are used are told of, and used again when they are back", async (context) => {
  const place = await freshSchema(context);
  const backend = await openMigrated(postgresBackend(place));
  await claimAll(backend);
  await runSql(place, `DROP SCHEMA "${place.schema}" CASCADE; CREATE SCHEMA "${place.schema}"`);
  const uses: Record<string, () => unknown> = {
    enqueue: () => backend.store.enqueue({ tasks: [aPostgresTask()], atomic: false, now: NOW }),
    get: () => backend.store.get({ ids: [aPostgresTask().id] }),
    claim: () => claimAll(backend),
    settle: () => succeed(backend, { id: "a", token: "1.1.a" }),
    schedules: () => backend.schedules?.list({ after: null, limit: 1 }),
    list: () => backend.inspector?.list({ filter: {}, cursor: null, offset: 0, limit: 1 }),
  };
  for (const [name, use] of Object.entries(uses)) {
    expect(await refusal(use), name).toMatchObject(TABLES_MISSING);
  }
  await backend.schema?.migrate();
  await useAll(backend);
});

test("a user whose statements take too long is told so, and what was stored is there", async (context) => {
  const { place, backend, decree } = await visit(context);
  await decree("GRANT USAGE ON schema SCHEMA TO ROLE");
  await decree("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN schema SCHEMA TO ROLE");
  await decree(
    `CREATE FUNCTION SCHEMA.slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.05); RETURN new; END'`,
  );
  await decree(
    "CREATE TRIGGER slow BEFORE INSERT ON SCHEMA.taskwright_running FOR EACH ROW EXECUTE FUNCTION SCHEMA.slow()",
  );
  await decree("ALTER role ROLE SET statement_timeout = 20");
  await backend.open();
  const task = aPostgresTask();
  await backend.store.enqueue({ tasks: [task], atomic: true, now: NOW });
  expect(await refusal(() => claimAll(backend))).toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message:
      "PostgreSQL: it ended the statement, which took longer than the user's statement_timeout or was cancelled (57014).",
    retryable: true,
  });
  const owner = await openMigrated(postgresBackend(place));
  expect((await claimAll(owner)).map(({ id }) => id)).toEqual([task.id]);
});

test("a migration waits for another one, however short the user's timeouts are", async (context) => {
  const place = await freshSchema(context);
  const url = await aRole(place, ["statement_timeout = 50", "lock_timeout = 50"]);
  await runSql(place, `GRANT ALL ON SCHEMA "${place.schema}" TO "${place.schema}_role"`);
  const backend = postgresBackend({ url, schema: place.schema });
  const name = `taskwright migrate "${place.schema}"."taskwright_version"`;
  const held = runSql(
    place,
    `BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('${name}', 0)); SELECT pg_sleep(0.6); COMMIT`,
  );
  await expect
    .poll(() =>
      runSql(
        place,
        `SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%${place.schema}%'`,
      ),
    )
    .not.toEqual([]);
  expect(await backend.schema?.migrate()).not.toEqual([]);
  await held;
  await backend.close();
});
