import { expect, type TestContext, test } from "vitest";
import { aSchedule } from "../../../../../test/harness/a-schedule.ts";
import {
  aUser,
  freshDatabase,
  type MariadbPlace,
  onClient,
  openOn,
  runOnMariadb,
} from "../../../../../test/harness/mariadb-store.ts";
import { aPostgresTask as aTask, claimAll } from "../../../../../test/harness/postgres-store.ts";
import { NOW, refusal, succeed } from "../../../../../test/harness/sqlite-store.ts";
import type { Backend } from "../../backend/index.ts";

const MAY_NOT = {
  code: "BACKEND_INCOMPATIBLE",
  message: expect.stringContaining("grant it SELECT, INSERT, UPDATE and DELETE on the tables"),
  retryable: false,
};
const TABLES_MISSING = {
  code: "BACKEND_INCOMPATIBLE",
  message:
    "MariaDB or MySQL: the tables are missing or not as this version makes them; run `taskwright migrate` (1146).",
  retryable: false,
};

interface Visit {
  readonly place: MariadbPlace;
  /** The store as the user sees it from now on, not yet open: connections keep rights that were taken away. */
  readonly arrive: () => Promise<Backend>;
  /** Grants or revokes something, with DATABASE and USER in it. */
  readonly decree: (text: string) => Promise<unknown>;
}

/** Tables that another user has made, and a user who may connect. */
async function visit(context: TestContext): Promise<Visit> {
  const place = await freshDatabase(context);
  await openOn(place.url);
  const url = new URL(await aUser(place));
  const user = `'${url.username}'@'%'`;
  const decree = (text: string) =>
    runOnMariadb(place, text.replaceAll("DATABASE", `\`${place.database}\``).replaceAll("USER", user));
  // Without any right on it a database cannot be connected to.
  await decree("CREATE TABLE DATABASE.harmless (id INT); GRANT SELECT ON DATABASE.harmless TO USER");
  return { place, arrive: async () => (await onClient(url.href)).backend, decree };
}

async function useAll(backend: Backend): Promise<void> {
  const deduplication = { key: "one", until: NOW + 1 };
  const [task, cancelled] = [aTask({ deduplication }), aTask()];
  await backend.store.enqueue({ tasks: [task, cancelled], atomic: true, now: NOW });
  await backend.store.cancel({ id: cancelled.id, now: NOW });
  await backend.store.requeue({ id: cancelled.id, runAfter: NOW + 1, rank: NOW, now: NOW });
  const [claimed] = await claimAll(backend);
  if (claimed !== undefined) await succeed(backend, claimed);
  expect((await backend.store.get({ ids: [task.id] }))[0]?.status).toBe("SUCCESSFUL");
  await backend.store.delete({ ids: [cancelled.id] });
  const old = { statuses: ["SUCCESSFUL"] as const, finishedBefore: NOW, limit: 10, dryRun: false, now: NOW };
  await backend.maintenance?.purge(old);
  expect(await backend.store.get({ ids: [task.id, cancelled.id] })).toEqual([null, null]);
  const { schedules } = backend;
  await schedules?.save({ schedule: aSchedule(), call: null, tasks: [], now: NOW });
  const again = {
    schedule: aSchedule({ revision: 2 }),
    call: null,
    tasks: [aTask({ path: "other" })],
    now: NOW,
  };
  expect(await schedules?.save(again)).toBe("saved");
  expect(await schedules?.delete({ id: again.schedule.id })).toBe("deleted");
}

test("a user without rights is told which to grant, and those are enough", async (context) => {
  const { arrive, decree } = await visit(context);
  const stranger = await arrive();
  expect(await refusal(() => stranger.open())).toMatchObject(MAY_NOT);
  await decree("GRANT SELECT, INSERT, UPDATE, DELETE ON DATABASE.* TO USER");
  const backend = await arrive();
  await backend.open();
  await useAll(backend);
  expect((await backend.diagnose()).map(({ level }) => level)).toEqual(["ok", "ok"]);
  await decree("REVOKE DELETE ON DATABASE.* FROM USER");
  const restricted = await arrive();
  await restricted.open();
  await restricted.store.enqueue({ tasks: [aTask()], atomic: true, now: NOW });
  expect(await refusal(() => claimAll(restricted))).toMatchObject(MAY_NOT);
});

test("a user who may not make tables is told so when it migrates", async (context) => {
  const { arrive, decree, place } = await visit(context);
  await decree("GRANT SELECT ON DATABASE.* TO USER");
  const backend = await arrive();
  await runOnMariadb(place, "DROP TABLE taskwright_version, taskwright_task");
  expect(await refusal(() => backend.schema?.migrate())).toMatchObject(MAY_NOT);
});

test("tables that are dropped while they are used are told of, and used again when they are back", async (context) => {
  const place = await freshDatabase(context);
  const backend = await openOn(place.url);
  await claimAll(backend);
  const tables = [
    "task",
    "due",
    "later",
    "lane",
    "running",
    "finished",
    "deduplication",
    "schedule",
    "version",
  ];
  await runOnMariadb(place, `DROP TABLE ${tables.map((table) => `taskwright_${table}`).join(", ")}`);
  const uses: Record<string, () => unknown> = {
    enqueue: () => backend.store.enqueue({ tasks: [aTask()], atomic: false, now: NOW }),
    get: () => backend.store.get({ ids: [aTask().id] }),
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

test("a wrong password, and a database that is not there, are told of", async (context) => {
  const place = await freshDatabase(context);
  const wrong = new URL(await aUser(place));
  wrong.password = "wrong";
  const settings = { acquireTimeout: 500 };
  const options = { provider: "mariadb" } as const;
  expect(
    await refusal(async () => (await onClient(wrong.href, options, settings)).backend.open()),
  ).toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message:
      "MariaDB or MySQL: the user or its password was refused; check the connection's settings (1045).",
  });
  const nowhere = new URL(place.url);
  nowhere.pathname = `${place.database}_not`;
  expect(
    await refusal(async () => (await onClient(nowhere.href, options, settings)).backend.open()),
  ).toMatchObject({ code: "BACKEND_UNAVAILABLE", message: expect.stringContaining("no such database") });
});

test("a user whose statements take too long is told so, and what was stored is there", async (context) => {
  const place = await freshDatabase(context);
  const owner = await openOn(place.url);
  const task = aTask();
  await owner.store.enqueue({ tasks: [task], atomic: true, now: NOW });
  await runOnMariadb(
    place,
    "CREATE TRIGGER slow BEFORE INSERT ON taskwright_running FOR EACH ROW SET @slow = SLEEP(0.3)",
  );
  const hurried = await openOn(place.url, {}, { sessionVariables: { max_statement_time: 0.1 } });
  expect(await refusal(() => claimAll(hurried))).toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: expect.stringContaining("max_statement_time"),
    retryable: true,
  });
  await runOnMariadb(place, "DROP TRIGGER slow");
  expect((await claimAll(owner)).map(({ id }) => id)).toEqual([task.id]);
});

test("a pool whose connections are all taken is told of", async (context) => {
  const place = await freshDatabase(context);
  const { backend, client } = await onClient(place.url, {}, { connectionLimit: 1, acquireTimeout: 300 });
  await backend.schema?.migrate();
  await backend.open();
  await client.$transaction(async () => {
    expect(await refusal(() => backend.store.get({ ids: [aTask().id] }))).toMatchObject({
      code: "BACKEND_UNAVAILABLE",
      message: expect.stringContaining("connectionLimit"),
    });
  });
});
