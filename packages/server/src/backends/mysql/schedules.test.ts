import { expect, test } from "vitest";
import { aSchedule } from "../../../../../test/harness/a-schedule.ts";
import { freshDatabase, onClient, openOn, runOnMariadb } from "../../../../../test/harness/mariadb-store.ts";
import { aPostgresTask as aTask, claimAll } from "../../../../../test/harness/postgres-store.ts";
import { NOW, refusal } from "../../../../../test/harness/sqlite-store.ts";

test.for([
  ["that deadlocks with another's", "1213", false, "saved"],
  ["that waits too long for a lock", "1205", false, "saved"],
  ["whose connection is cut before its end", "45009", false, "saved"],
  ["whose connection is cut at its commit", "45009", true, "changed"],
] as const)(
  "a tick %s is saved once, with its task",
  async ([, originalCode, isCommitted, answer], context) => {
    const { url } = await freshDatabase(context);
    const { client, backend } = await onClient(url);
    await backend.schema?.migrate();
    await backend.open();
    await backend.schedules?.save({ schedule: aSchedule(), call: null, tasks: [], now: NOW });
    const transaction = client.$transaction.bind(client);
    const thrown = Object.assign(new Error("undone"), { cause: { originalCode } });
    let tries = 0;
    client.$transaction = async (run, options) => {
      if (tries++ > 0) return transaction(run, options);
      await transaction(async (tx) => {
        const result = await run(tx);
        if (!isCommitted) throw thrown;
        return result;
      }, options);
      throw thrown;
    };
    const task = aTask({ scheduleId: "nightly" });
    const next = aSchedule({ nextRunAt: NOW + 1, lastTaskId: task.id, revision: 2 });
    expect(await backend.schedules?.save({ schedule: next, call: null, tasks: [task], now: NOW })).toBe(
      answer,
    );
    expect(tries).toBe(2);
    expect(await backend.schedules?.get({ id: "nightly" })).toEqual(next);
    expect((await claimAll(backend)).map(({ id }) => id)).toEqual([task.id]);
  },
);

test("a tick whose tasks have deduplication keys stores each key once", async (context) => {
  const backend = await openOn((await freshDatabase(context)).url);
  const deduplication = { key: "one", until: NOW + 60_000 };
  const tasks = [aTask({ deduplication }), aTask({ deduplication }), aTask()];
  expect(await backend.schedules?.save({ schedule: aSchedule(), call: null, tasks, now: NOW })).toBe("saved");
  expect((await claimAll(backend)).map(({ id }) => id)).toEqual([tasks[0]?.id, tasks[2]?.id]);
});

test("what the columns of a schedule cannot hold is refused, without strict modes too", async (context) => {
  const { url } = await freshDatabase(context);
  const backend = await openOn(url, {}, { sessionVariables: { sql_mode: "" } });
  for (const [given, problem] of [
    [{ name: "n".repeat(801) }, "its name is longer than 800 characters"],
    [{ path: "p".repeat(801) }, "its path is longer than 800 bytes"],
    [{ input: "\0" }, "it holds NUL or a lone surrogate"],
  ] as const) {
    const schedule = aSchedule(given);
    expect(
      await refusal(() => backend.schedules?.save({ schedule, call: null, tasks: [], now: NOW })),
    ).toMatchObject({
      code: "BACKEND_INCOMPATIBLE",
      message: `MariaDB or MySQL: one row was refused: ${problem}.`,
    });
  }
  const longest = aSchedule({ id: "i".repeat(100), name: "😀".repeat(100), cron: "1".repeat(250) });
  expect(await backend.schedules?.save({ schedule: longest, call: null, tasks: [], now: NOW })).toBe("saved");
  expect(await backend.schedules?.list({ after: null, limit: 10 })).toEqual([longest]);
  // As no collation has it.
  expect(await backend.schedules?.list({ after: null, path: "mail.send ", limit: 10 })).toEqual([]);
  expect(await backend.schedules?.get({ id: `${longest.id} ` })).toBeNull();
});

test("a schedule whose row was written over by hand is told of, by its id", async (context) => {
  const place = await freshDatabase(context);
  const backend = await openOn(place.url);
  await backend.schedules?.save({ schedule: aSchedule(), call: null, tasks: [], now: NOW });
  await runOnMariadb(place, "UPDATE taskwright_schedule SET misfire = 'never'");
  expect(await refusal(() => backend.schedules?.get({ id: "nightly" }))).toMatchObject({
    code: "BACKEND_INCOMPATIBLE",
    message: expect.stringMatching(/schedule nightly .* its misfire must be/),
  });
  expect(await backend.schedules?.delete({ id: "nightly" })).toBe("deleted");
});

test("tables without schedules are refused until they are migrated, and keep their tasks", async (context) => {
  const place = await freshDatabase(context);
  const { backend } = await onClient(place.url);
  const written = await backend.schema?.written();
  for (const statement of written?.migrations[0]?.statements ?? []) await runOnMariadb(place, statement);
  expect(await refusal(() => backend.open())).toMatchObject({
    code: "BACKEND_INCOMPATIBLE",
    message: expect.stringContaining("have schema version 1"),
  });
  await runOnMariadb(place, "INSERT INTO taskwright_lane (queue, path) VALUES ('default', 'kept')");
  expect((await backend.schema?.migrate())?.[0]).toContain("taskwright_schedule");
  await backend.open();
  await backend.schedules?.save({ schedule: aSchedule(), call: null, tasks: [], now: NOW });
  expect(await runOnMariadb(place, "SELECT 1 FROM taskwright_lane")).toHaveLength(1);
});
