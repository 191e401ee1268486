import { createTaskServer, type TaskServer } from "@taskwright/server";
import { initTasks, TaskError } from "@taskwright/shared";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { noting } from "./noting-handlers.ts";
import type { ServerContract } from "./server-contract.ts";
import type { ServerUnderTest } from "./server-under-test.ts";
import { storeAway } from "./store-away.ts";

const NEEDS = ["schedules", "leases"] as const;
const MINUTE = 60_000;
/** Later than the spread of looks at one tick. */
const AFTER_TICK = 200;

/** Moves the clock to just after the first tick of a rule for every minute, so that cases know how far the next one is. */
async function alignToMinute(bench: ServerUnderTest, server: TaskServer<ServerContract>): Promise<void> {
  const { nextRunAt } = await server.client.schedules.create({
    id: "aligner",
    task: "silent",
    cron: "* * * * *",
    isPaused: false,
  });
  await server.client.schedules.delete("aligner");
  await bench.host.advance((nextRunAt?.getTime() ?? 0) - (await bench.storeTime()) + AFTER_TICK);
}

/** How many of a task's results there are. */
async function count(server: TaskServer<ServerContract>, task: string): Promise<number> {
  return (await server.client.results.list({ task, limit: 1_000 })).results.length;
}

export const serverSchedulesSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: schedules",
  rows: ["schedules"],
  cases: [
    {
      name: "a worker enqueues at each time of a schedule, and the results know it",
      needs: [...NEEDS, "inspector"],
      run: async (bench) => {
        const { ran, work } = noting();
        const server = await bench.run({ work });
        const { schedules, results } = server.client;
        const made = await schedules.create({
          id: "each-minute",
          task: "work",
          cron: "* * * * *",
          input: { n: 7 },
          priority: 5,
          maxRetries: 1,
          tags: ["cron"],
        });
        const first = made.nextRunAt?.getTime() ?? 0;
        expect(first % MINUTE).toBe(0);
        expect(made).toMatchObject({ name: "each-minute", path: "work", input: { n: 7 }, isActive: true });
        await bench.host.advance(first - (await bench.storeTime()) - 1_000);
        expect(ran).toEqual([]);
        await bench.host.advance(1_000 + AFTER_TICK);
        await bench.until(() => ran.length === 1);
        await bench.host.advance(MINUTE);
        await bench.until(() => ran.length === 2);
        const after = await schedules.get("each-minute");
        expect(after.lastRunAt).toEqual(new Date(first + MINUTE));
        expect(after.nextRunAt).toEqual(new Date(first + 2 * MINUTE));
        const { results: made2 } = await results.list({ task: "work" });
        expect(made2.map(({ runAfter }) => runAfter.getTime()).sort()).toEqual([first, first + MINUTE]);
        expect(made2[0]).toMatchObject({
          id: after.lastTaskId,
          scheduleId: "each-minute",
          input: { n: 7 },
          priority: 5,
          maxRetries: 1,
          tags: ["cron"],
        });
      },
    },
    {
      name: "many workers enqueue each time of a schedule once",
      needs: [...NEEDS, "inspector"],
      run: async (bench) => {
        const { ran, work } = noting();
        const servers = [await bench.run({ work }), await bench.run({ work }), await bench.run({ work })];
        const [server] = servers as [TaskServer<ServerContract>];
        await alignToMinute(bench, server);
        await server.client.schedules.create({ id: "a", task: "work", cron: "* * * * *", input: { n: 1 } });
        await server.client.schedules.create({ id: "b", task: "work", cron: "*/2 * * * *", input: { n: 2 } });
        for (let minute = 0; minute < 4; minute++) await bench.host.advance(MINUTE);
        await bench.until(() => ran.length >= 6);
        await bench.host.settle();
        expect([...ran].sort()).toEqual([1, 1, 1, 1, 2, 2]);
        expect(await count(server, "work")).toBe(6);
      },
    },
    {
      name: "of times that passed without a worker, one is caught up, or those of the last minute, or all",
      needs: [...NEEDS, "inspector"],
      run: async (bench) => {
        const server = bench.serve();
        const { schedules } = server.client;
        await alignToMinute(bench, server);
        for (const [n, misfire] of (["once", "skip", "all"] as const).entries())
          await schedules.create({ id: misfire, task: "work", cron: "* * * * *", input: { n }, misfire });
        await bench.host.advance(10 * MINUTE);
        const { ran, work } = noting();
        await bench.run({ work });
        await bench.until(() => ran.length >= 12);
        await bench.host.settle();
        expect([...ran].sort()).toEqual([0, 1, ...Array(10).fill(2)]);
        const times = new Set(
          (await schedules.list()).schedules.map(({ nextRunAt }) => nextRunAt?.getTime()),
        );
        expect(times.size).toBe(1);
      },
    },
    {
      name: "a paused schedule enqueues nothing, and a resumed one goes on with its next time",
      needs: [...NEEDS, "inspector"],
      run: async (bench) => {
        const { ran, work } = noting();
        const server = await bench.run({ work });
        const { schedules } = server.client;
        await alignToMinute(bench, server);
        await schedules.create({ id: "a", task: "work", cron: "* * * * *", input: { n: 1 }, misfire: "all" });
        const paused = await schedules.pause("a");
        expect(paused).toMatchObject({ isPaused: true, isActive: false, isResumed: false, nextRunAt: null });
        expect(paused.didJustPause()).toBe(true);
        await bench.host.advance(3 * MINUTE);
        expect(ran).toEqual([]);
        expect(paused.didJustPause()).toBe(false);
        expect(paused.didJustPause("5m")).toBe(true);
        expect(await schedules.pause("a")).toMatchObject({
          pausedAt: paused.pausedAt,
          updatedAt: paused.updatedAt,
        });
        const resumed = await schedules.resume("a");
        expect(resumed).toMatchObject({ isPaused: false, isActive: true, isResumed: true });
        expect(resumed.activeAt).toEqual(resumed.resumedAt);
        expect(resumed.didJustResume()).toBe(true);
        await bench.host.advance(MINUTE);
        await bench.until(() => ran.length === 1);
        expect(await count(server, "work")).toBe(1);
        expect(await schedules.delete("a")).toBe(true);
        expect(await schedules.delete("a")).toBe(false);
        await bench.host.advance(2 * MINUTE);
        expect(await count(server, "work")).toBe(1);
      },
    },
    {
      name: "creating a schedule again changes it only where it says something else",
      needs: ["schedules"],
      run: async (bench) => {
        const { schedules } = bench.serve().client;
        const said = { id: "a", task: "work", cron: "0 4 * * *", input: { n: 1 } } as const;
        const first = await schedules.create(said);
        await bench.host.advance(5 * MINUTE);
        expect((await schedules.create(said)).toJSON()).toEqual(first.toJSON());
        const other = await schedules.create({ ...said, input: { n: 2 }, name: "Other", timeout: "1m" });
        expect(other).toMatchObject({ input: { n: 2 }, name: "Other", options: { timeout: "1m" } });
        expect(other.nextRunAt).toEqual(first.nextRunAt);
        expect(other.createdAt).toEqual(first.createdAt);
        expect(other.updatedAt.getTime()).toBeGreaterThan(first.updatedAt.getTime());
        await schedules.pause("a");
        const paused = await schedules.create({ ...said, cron: "30 5 * * *", timeZone: "Europe/Berlin" });
        expect(paused).toMatchObject({ isPaused: true, nextRunAt: null, timeZone: "Europe/Berlin" });
        const going = await schedules.create({
          ...said,
          cron: "CRON_TZ=Europe/Berlin 30 5 * * *",
          isPaused: false,
        });
        expect(going).toMatchObject({ isPaused: false, cron: "30 5 * * *", timeZone: "Europe/Berlin" });
        expect(going.nextRunAt?.getUTCMinutes()).toBe(30);
        expect((await schedules.list()).schedules).toHaveLength(1);
      },
    },
    {
      name: "calls at once that change one schedule are all kept",
      needs: ["schedules"],
      run: async (bench) => {
        const { schedules } = bench.serve().client;
        const said = { id: "a", task: "work", cron: "0 4 * * *" } as const;
        await Promise.all([1, 2, 3, 4].map((n) => schedules.create({ ...said, input: { n } })));
        await Promise.all([schedules.pause("a"), schedules.create({ ...said, input: { n: 9 } })]);
        expect(await schedules.get("a")).toMatchObject({ isPaused: true, input: { n: 9 } });
      },
    },
    {
      name: "a schedule that cannot be is refused, and nothing is stored",
      needs: ["schedules"],
      run: async (bench) => {
        const { schedules } = bench.serve().client;
        const good = { task: "work", cron: "0 4 * * *", input: { n: 1 } } as const;
        const refused: readonly (readonly [object, string, RegExp])[] = [
          [{ ...good, task: "wrok" }, "UNKNOWN_TASK", /Did you mean/],
          [{ ...good, cron: "0 4 * *" }, "INVALID_OPTION", /five fields.*a string of 4 fields/],
          [{ ...good, cron: "0 0 4 * * *" }, "INVALID_OPTION", /five fields.*a string of 6 fields/],
          [{ ...good, cron: "61 4 * * *" }, "INVALID_OPTION", /its minute must be of 0 to 59/],
          [{ ...good, cron: "@daily" }, "INVALID_OPTION", /five fields/],
          [{ ...good, cron: "0 0 31 2 *" }, "INVALID_OPTION", /never/],
          [{ ...good, cron: 4 }, "INVALID_OPTION", /got number/],
          [{ ...good, timeZone: "Europe/Bern" }, "INVALID_OPTION", /IANA name/],
          [{ ...good, timeZone: "UTC", cron: "CRON_TZ=Asia/Tokyo 0 4 * * *" }, "INVALID_OPTION", /only one/],
          [{ ...good, input: { n: "1" } }, "PAYLOAD_ERROR", /work/],
          [{ ...good, queue: "mails" }, "UNKNOWN_QUEUE", /mails/],
          [{ ...good, maxRetries: -1 }, "INVALID_OPTION", /maxRetries/],
          [{ ...good, countdown: 4 }, "INVALID_OPTION", /no option "countdown"/],
          [{ ...good, deduplicated: true }, "INVALID_OPTION", /no option "deduplicated"/],
          [{ ...good, id: "a/b" }, "INVALID_OPTION", /letters, digits/],
          [{ ...good, name: "" }, "INVALID_OPTION", /1 to 200/],
          [{ ...good, misfire: "never" }, "INVALID_OPTION", /"once"/],
          [{ ...good, isPaused: "yes" }, "INVALID_OPTION", /true or false/],
          [{ ...good, backend: "second" }, "UNKNOWN_BACKEND", /second/],
        ];
        for (const [options, code, message] of refused) {
          const error = await schedules.create(options as never).catch((thrown: unknown) => thrown);
          expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
        }
        expect((await schedules.list()).schedules).toEqual([]);
        await expect(schedules.get("none")).rejects.toMatchObject({ code: "SCHEDULE_NOT_FOUND" });
        await expect(schedules.pause("none")).rejects.toMatchObject({ code: "SCHEDULE_NOT_FOUND" });
        await expect(schedules.resume("none")).rejects.toMatchObject({ code: "SCHEDULE_NOT_FOUND" });
      },
    },
    {
      name: "schedules are listed in pages and by task",
      needs: ["schedules"],
      run: async (bench) => {
        const { schedules } = bench.serve().client;
        for (const id of ["c", "a", "d", "b"])
          if (id === "d") await schedules.create({ id, task: "silent", cron: "0 4 * * *" });
          else await schedules.create({ id, task: "work", cron: "0 4 * * *", input: { n: 1 } });
        const first = await schedules.list({ limit: 3 });
        expect(first.schedules.map(({ id }) => id)).toEqual(["a", "b", "c"]);
        const second = await schedules.list({ limit: 3, cursor: first.nextCursor ?? "" });
        expect(second).toMatchObject({ schedules: [{ id: "d", path: "silent" }], nextCursor: null });
        expect((await schedules.list({ limit: 4 })).nextCursor).toBe(null);
        const { schedules: silent } = await schedules.list({ task: "silent" });
        expect(silent.map(({ id }) => id)).toEqual(["d"]);
      },
    },
    {
      name: "a tick whose answer is lost enqueues once",
      needs: [...NEEDS, "inspector"],
      run: async (bench) => {
        const { ran, work } = noting();
        const server = await bench.run({ work });
        await alignToMinute(bench, server);
        await server.client.schedules.create({ id: "a", task: "work", cron: "* * * * *", input: { n: 1 } });
        bench.after.set("schedules.save", async () => {
          bench.after.delete("schedules.save");
          throw new TaskError({ code: "BACKEND_UNAVAILABLE", message: "lost" });
        });
        await bench.host.advance(MINUTE);
        await bench.host.advance(MINUTE);
        await bench.until(() => ran.length >= 2);
        await bench.host.settle();
        expect(await count(server, "work")).toBe(2);
      },
    },
    {
      name: "a store that is away delays a tick and loses none",
      needs: [...NEEDS, "inspector"],
      run: async (bench) => {
        const { ran, work } = noting();
        const server = await bench.run({ work });
        await alignToMinute(bench, server);
        await server.client.schedules.create({ id: "a", task: "work", cron: "* * * * *", input: { n: 1 } });
        bench.before.set("schedules.due", async () => {
          throw storeAway();
        });
        await bench.host.advance(6 * MINUTE);
        expect(ran).toEqual([]);
        bench.before.delete("schedules.due");
        await bench.host.advance(MINUTE / 2);
        await bench.until(() => ran.length === 1);
        expect(bench.told.some(({ message }) => /look at schedules failed/.test(message))).toBe(true);
      },
    },
    {
      name: "a server leaves the schedules of tasks alone that it does not know",
      needs: [...NEEDS, "inspector"],
      run: async (bench) => {
        const t = initTasks.create();
        const foreign = createTaskServer({
          tasks: t.router({ foreign: t.task }),
          backend: bench.backend,
          handlers: { foreign: () => {} },
          logger: bench.logger(),
          host: bench.host,
        });
        const server = bench.serve();
        await alignToMinute(bench, server);
        await foreign.client.schedules.create({ id: "f", task: "foreign", cron: "* * * * *" });
        await server.client.schedules.create({ id: "s", task: "silent", cron: "* * * * *" });
        await bench.host.advance(MINUTE);
        expect(await server.executor.runSchedules()).toBe(1);
        expect(await foreign.executor.runSchedules()).toBe(1);
        expect(await foreign.executor.runSchedules()).toBe(0);
        expect(await server.client.schedules.get("f")).toMatchObject({ path: "foreign", label: "foreign" });
      },
    },
    {
      name: "a schedule that can no longer be run as it is stored waits, is told of, and holds up no other",
      needs: [...NEEDS, "inspector"],
      run: async (bench) => {
        const server = bench.serve();
        await alignToMinute(bench, server);
        const { schedules } = server.client;
        await schedules.create({ id: "a", task: "silent", cron: "* * * * *" });
        await schedules.create({ id: "b", task: "silent", cron: "* * * * *" });
        const stored = await bench.backend.schedules?.get({ id: "a" });
        if (stored == null) throw new Error("It is not stored.");
        const spoiled = { ...stored, options: '{"queue":"gone"}', revision: stored.revision + 1 };
        await bench.backend.schedules?.save({
          schedule: spoiled,
          call: null,
          tasks: [],
          now: await bench.storeTime(),
        });
        await bench.host.advance(MINUTE);
        expect(await server.executor.runSchedules()).toBe(1);
        expect(bench.told).toContainEqual(
          expect.objectContaining({ level: "error", facts: expect.objectContaining({ schedule: "a" }) }),
        );
        await schedules.create({ id: "a", task: "silent", cron: "* * * * *" });
        expect(await server.executor.runSchedules()).toBe(1);
      },
    },
    {
      name: "a sync of schedules that workers run is refused, as there is nothing that they could differ from",
      needs: NEEDS,
      run: async (bench) => {
        const { client } = bench.serve();
        const refused = { code: "NOT_SUPPORTED", message: expect.stringContaining("has nothing to sync") };
        await expect(client.schedules.sync()).rejects.toMatchObject(refused);
        await expect(client.schedules.sync({ backend: "default" })).rejects.toMatchObject(refused);
        await expect(client.schedules.sync({ backend: "bulk" })).rejects.toMatchObject({
          code: "UNKNOWN_BACKEND",
        });
      },
    },
    {
      name: "a worker that clears what is due enqueues what schedules have due, and ends",
      needs: [...NEEDS, "inspector"],
      run: async (bench) => {
        const { ran, work } = noting();
        const server = bench.serve({ handlers: { work } });
        await alignToMinute(bench, server);
        await server.client.schedules.create({ id: "a", task: "work", cron: "* * * * *", input: { n: 1 } });
        await bench.host.advance(MINUTE);
        const worker = await bench.work(server, { once: true });
        await worker.stopped;
        expect(ran).toEqual([1]);
      },
    },
  ],
};
