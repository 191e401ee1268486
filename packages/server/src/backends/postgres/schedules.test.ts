import { expect, onTestFinished, test } from "vitest";
import { aSchedule } from "../../../../../test/harness/a-schedule.ts";
import {
  aPostgresTask,
  claimAll,
  freshSchema,
  openMigrated,
  type PostgresPlace,
  runSql,
} from "../../../../../test/harness/postgres-store.ts";
import { NOW, refusal } from "../../../../../test/harness/sqlite-store.ts";
import { TcpProxy } from "../../../../../test/harness/tcp-proxy.ts";
import type { Backend } from "../../backend/index.ts";
import { postgresBackend } from "./index.ts";

/** A store with a schedule, on a way to the server that can be cut. */
async function scheduled(place: PostgresPlace): Promise<{ backend: Backend; proxy: TcpProxy }> {
  const url = new URL(place.url);
  const proxy = await TcpProxy.open({ host: url.hostname, port: Number(url.port || 5432) });
  onTestFinished(() => proxy.cut());
  url.port = String(proxy.port);
  const backend = await openMigrated(postgresBackend({ url: url.href, schema: place.schema }));
  await backend.schedules?.save({ schedule: aSchedule(), call: null, tasks: [], now: NOW });
  return { backend, proxy };
}

/** Makes a transaction take its time in a trigger, so that a test can act meanwhile. */
function slowDown(place: PostgresPlace, trigger: string): Promise<unknown> {
  const { schema } = place;
  return runSql(
    place,
    `CREATE FUNCTION "${schema}".slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.4); RETURN new; END';
    ${trigger.replaceAll("SCHEMA", `"${schema}"`)} FOR EACH ROW EXECUTE FUNCTION "${schema}".slow()`,
  );
}

test.for([
  ["before its end", "CREATE TRIGGER slow BEFORE INSERT ON SCHEMA.taskwright_task", "saved"],
  [
    "at its commit",
    "CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON SCHEMA.taskwright_schedule DEFERRABLE INITIALLY DEFERRED",
    "changed",
  ],
] as const)(
  "a tick whose connection is cut %s is saved once, with its task",
  async ([, trigger, answer], context) => {
    const place = await freshSchema(context);
    const { backend, proxy } = await scheduled(place);
    await slowDown(place, trigger);
    const task = aPostgresTask({ scheduleId: "nightly" });
    const next = aSchedule({ nextRunAt: NOW + 1, lastTaskId: task.id, revision: 2 });
    const saved = backend.schedules?.save({ schedule: next, call: null, tasks: [task], now: NOW });
    const sleeping =
      "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND backend_xid IS NOT NULL";
    await expect.poll(() => runSql(place, sleeping), { interval: 10, timeout: 5_000 }).not.toEqual([]);
    proxy.breakConnections();
    expect(await saved).toBe(answer);
    expect(await backend.schedules?.get({ id: "nightly" })).toEqual(next);
    expect((await claimAll(backend)).map(({ id }) => id)).toEqual([task.id]);
  },
);

test("a tick whose tasks have deduplication keys stores each key once", async (context) => {
  const { backend } = await scheduled(await freshSchema(context));
  const deduplication = { key: "one", until: NOW + 60_000 };
  const tasks = [aPostgresTask({ deduplication }), aPostgresTask({ deduplication }), aPostgresTask()];
  const schedule = aSchedule({ revision: 2 });
  expect(await backend.schedules?.save({ schedule, call: null, tasks, now: NOW })).toBe("saved");
  expect((await claimAll(backend)).map(({ id }) => id)).toEqual([tasks[0]?.id, tasks[2]?.id]);
});

test("a schedule whose row was written over by hand is told of, by its id", async (context) => {
  const place = await freshSchema(context);
  const { backend } = await scheduled(place);
  await runSql(place, `UPDATE "${place.schema}".taskwright_schedule SET misfire = 'never'`);
  expect(await refusal(() => backend.schedules?.get({ id: "nightly" }))).toMatchObject({
    code: "BACKEND_INCOMPATIBLE",
    message: expect.stringMatching(/schedule nightly .* its misfire must be/),
  });
  expect(await backend.schedules?.delete({ id: "nightly" })).toBe("deleted");
});

test("tables without schedules are refused until they are migrated, and keep their tasks", async (context) => {
  const place = await freshSchema(context);
  const backend = postgresBackend(place);
  const written = await backend.schema?.written();
  for (const statement of written?.migrations[0]?.statements ?? []) await runSql(place, statement);
  expect(await refusal(() => backend.open())).toMatchObject({
    code: "BACKEND_INCOMPATIBLE",
    message: expect.stringContaining("have schema version 1"),
  });
  await runSql(
    place,
    `INSERT INTO "${place.schema}".taskwright_task (id, path, queue, priority, rank, run_after, enqueued_at, codec, max_retries)
      VALUES ('00000000-0000-7000-8000-000000000000', 'mail.send', 'default', 0, 1, 1, 1, 'json', 0)`,
  );
  expect((await backend.schema?.pending())?.[0]).toContain("taskwright_schedule");
  await openMigrated(backend);
  await backend.schedules?.save({ schedule: aSchedule(), call: null, tasks: [], now: NOW });
  expect(await backend.store.get({ ids: ["00000000-0000-7000-8000-000000000000"] })).toMatchObject([
    { path: "mail.send" },
  ]);
});
