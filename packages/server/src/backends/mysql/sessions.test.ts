import { expect, test } from "vitest";
import { aSchedule } from "../../../../../test/harness/a-schedule.ts";
import { freshDatabase, onClient, openOn, runOnMariadb } from "../../../../../test/harness/mariadb-store.ts";
import { aPostgresTask as aTask, claimAll } from "../../../../../test/harness/postgres-store.ts";
import { LEASE_MS, NOW, refusal } from "../../../../../test/harness/sqlite-store.ts";
import type { Backend } from "../../backend/index.ts";

const ERROR = {
  type: "EXECUTION_ERROR",
  exceptionClass: "Error",
  message: "once",
  stack: null,
  attempt: 1,
  workerId: "worker",
  at: new Date(NOW).toISOString(),
} as const;

/** Everything that happens to task results and schedules, once. */
async function liveThrough(backend: Backend): Promise<void> {
  const deduplication = { key: "Key ", until: NOW + 60_000 };
  const tasks = [
    aTask({ deduplication, tags: ["Ä😀"], parentId: "parent", expiresAt: NOW + 5 }),
    aTask({ runAfter: NOW + 1_000, rank: NOW + 1_000 }),
    aTask({ expiresAt: NOW - 1 }),
    aTask(),
  ];
  const ids = tasks.map(({ id }) => id);
  await backend.store.enqueue({ tasks, atomic: true, now: NOW });
  const words = { type: "EXPIRED", message: "too late" } as const;
  const sweep = { maxLostAttempts: 3, lost: words, poisoned: words, expired: words, limit: 10 };
  const swept = await backend.maintenance?.sweep({ ...sweep, now: NOW });
  expect(swept?.finished.map(({ id }) => id)).toEqual([ids[2]]);
  const [retried, lost] = await claimAll(backend);
  if (retried === undefined || lost === undefined) throw new Error("Nothing was claimed.");
  const back = { status: "READY", runAfter: NOW + 10, rank: NOW + 10, error: ERROR } as const;
  await backend.leases?.settle({ items: [{ lease: retried, settlement: back }], now: NOW });
  const again = await backend.maintenance?.sweep({ ...sweep, now: NOW + LEASE_MS + 1 });
  expect(again).toMatchObject({ returned: 1, finished: [] });
  const answer = await backend.leases?.claim({
    workerId: "worker",
    tasks: [{ path: "mail.send", lease: LEASE_MS }],
    queues: "all",
    limit: 10,
    now: NOW + 2_000,
  });
  expect(answer?.claimed.map(({ id }) => id)).toEqual([ids[3], ids[0], ids[1]]);
  const items = (answer?.claimed ?? []).map((lease) => ({
    lease,
    settlement: { status: "SUCCESSFUL", output: '"Ä😀"' } as const,
  }));
  await backend.leases?.settle({ items, now: NOW + 2_000 });
  const filter = { tag: "Ä😀", parentId: "parent", statuses: ["SUCCESSFUL"] as const };
  const page = await backend.inspector?.list({ filter, cursor: null, offset: 0, limit: 10 });
  expect(page?.records).toMatchObject([
    { id: ids[0], output: '"Ä😀"', errors: [ERROR], attempts: 2, runAfter: NOW + 10, enqueuedAt: NOW },
  ]);
  await backend.store.delete({ ids: [ids[1] ?? ""] });
  const old = { statuses: ["SUCCESSFUL", "FAILED"] as const, finishedBefore: NOW + 2_000, limit: 10 };
  expect(await backend.maintenance?.purge({ ...old, dryRun: false, now: NOW })).toMatchObject({ purged: 3 });
  expect(await backend.inspector?.countByQueue({ now: NOW })).toEqual([]);
  await tick(backend);
}

/** A schedule of awkward text, and a tick of it. */
async function tick({ schedules, store }: Backend): Promise<void> {
  const first = aSchedule({ name: "Ä😀 'a\\' ", input: '{"to":"\\n\'Ä"}' });
  await schedules?.save({ schedule: first, call: null, tasks: [], now: NOW });
  const paths = ["mail.send"];
  expect(await schedules?.due?.({ paths, limit: 1, now: NOW })).toEqual({
    schedules: [first],
    nextRunAt: null,
  });
  const task = aTask({ path: "nightly", scheduleId: first.id });
  const next = { ...first, isPaused: true, nextRunAt: NOW + 1, revision: 2 };
  const request = { schedule: next, call: null, tasks: [task], now: NOW };
  expect([await schedules?.save(request), await schedules?.save(request)]).toEqual(["saved", "changed"]);
  expect(await schedules?.due?.({ paths, limit: 1, now: NOW })).toEqual({
    schedules: [],
    nextRunAt: NOW + 1,
  });
  expect(await schedules?.list({ after: null, path: "mail.send", limit: 2 })).toEqual([next]);
  expect(await store.get({ ids: [task.id] })).toMatchObject([{ scheduleId: first.id }]);
  expect(await schedules?.delete({ id: first.id })).toBe("deleted");
}

test.for<[string, object]>([
  ["no sql_mode", { sql_mode: "" }],
  ["ANSI quotes and pipes", { sql_mode: "ANSI,STRICT_ALL_TABLES" }],
  ["the most a server may ask for", { sql_mode: "TRADITIONAL,ONLY_FULL_GROUP_BY,NO_BACKSLASH_ESCAPES" }],
  ["serializable transactions", { tx_isolation: "SERIALIZABLE" }],
  ["uncommitted reads", { tx_isolation: "READ-UNCOMMITTED" }],
  ["a time zone", { time_zone: "-11:30" }],
])("sessions with %s change nothing", async ([, sessionVariables], context) => {
  const { url } = await freshDatabase(context);
  const backend = await openOn(url, {}, { sessionVariables });
  await liveThrough(backend);
  expect(Math.abs(Number(await backend.readTime?.()) - Date.now())).toBeLessThan(60_000);
});

test("a database whose text is latin1 keeps all text", async (context) => {
  const { url } = await freshDatabase(context, "CHARACTER SET latin1 COLLATE latin1_swedish_ci");
  await liveThrough(await openOn(url));
});

test("a server whose clock is an hour off is the one whose time counts", async (context) => {
  const { url } = await freshDatabase(context);
  const clock = Math.floor(Date.now() / 1_000) - 3_600;
  const backend = await openOn(url, {}, { sessionVariables: { timestamp: clock } });
  expect(Number(await backend.readTime?.())).toBe(clock * 1_000);
  await liveThrough(backend);
});

test("a server without strict modes refuses what it would cut off", async (context) => {
  const { url } = await freshDatabase(context);
  const backend = await openOn(url, {}, { sessionVariables: { sql_mode: "" } });
  const tasks = [aTask({ queue: "q".repeat(500) })];
  expect(await refusal(() => backend.store.enqueue({ tasks, atomic: true, now: NOW }))).toMatchObject({
    code: "BACKEND_INCOMPATIBLE",
    message: "MariaDB or MySQL: one row was refused: its queue is longer than 400 bytes.",
  });
});

test("tables may stand in another database, under another prefix", async (context) => {
  const [here, there] = [await freshDatabase(context), await freshDatabase(context)];
  const options = { schema: there.database, tablePrefix: "Tw_2_" };
  await liveThrough(await openOn(here.url, options));
  expect(await runOnMariadb(here, "SHOW TABLES")).toEqual([]);
  expect(await runOnMariadb(there, "SHOW TABLES")).toHaveLength(13);
});

test("migrations are printed, applied once by many at once, and finish what was interrupted", async (context) => {
  const { url } = await freshDatabase(context);
  const { backend } = await onClient(url);
  const pending = await backend.schema?.pending();
  expect(pending?.[0]).toMatch(/^CREATE TABLE IF NOT EXISTS `taskwright_version`/);
  expect(await refusal(() => backend.open())).toMatchObject({
    code: "BACKEND_INCOMPATIBLE",
    message: "The database has no tables of Taskwright yet. Run `taskwright migrate`.",
  });
  // As one that was interrupted leaves it.
  for (const statement of pending?.slice(0, 3) ?? []) await runOnMariadb({ url }, statement);
  const others = await Promise.all([1, 2, 3].map(async () => (await onClient(url)).backend));
  const ran = await Promise.all([backend, ...others].map((one) => one.schema?.migrate()));
  expect(ran.filter((statements) => statements?.length !== 0)).toEqual([pending]);
  expect(await backend.schema?.pending()).toEqual([]);
  await runOnMariadb({ url }, "INSERT INTO taskwright_version (version) VALUES (99)");
  expect((await refusal(() => backend.open())).message).toMatch(/newer version/);
});
