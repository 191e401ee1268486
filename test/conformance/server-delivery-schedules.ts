import { Client } from "@upstash/qstash";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import type { DeliveryBench } from "./delivery-bench.ts";
import { noting } from "./noting-handlers.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NEEDS = ["delivery", "schedules"] as const;

/** A client of QStash's beside the backend's, as somebody at its console has. */
function atConsole({ local }: DeliveryBench): Client {
  return new Client({ token: "token", baseUrl: local.baseUrl, devMode: false, enableTelemetry: false });
}

/** Moves the clocks to the beginning of a minute. */
async function alignToMinute(bench: DeliveryBench): Promise<void> {
  await bench.advance(MINUTE - (bench.local.qstash.now().getTime() % MINUTE) + SECOND);
}

/** The records that the store has for a task, oldest first. */
async function resultsOf(bench: DeliveryBench, path: string) {
  const answer = await bench.store.backend.inspector?.list({
    filter: { path },
    cursor: null,
    offset: 0,
    limit: 100,
  });
  return [...(answer?.records ?? [])].reverse();
}

export const serverDeliverySchedulesSection: ConformanceSection<DeliveryBench> = {
  title: "servers: schedules that QStash runs",
  rows: ["schedules"],
  cases: [
    {
      name: "a schedule's times run its task, with its input and options, each as a task result of its own",
      needs: [...NEEDS, "inspector"],
      run: async (bench) => {
        const { ran, work } = noting();
        const server = bench.deploy({ handlers: { work } });
        await alignToMinute(bench);
        const created = await server.client.schedules.create({
          id: "minutely",
          name: "Each minute",
          task: "work",
          cron: "* * * * *",
          input: { n: 7 },
          maxRetries: 5,
          timeout: "90s",
          tags: ["scheduled"],
        });
        expect(created).toMatchObject({ id: "minutely", isPaused: false, path: "work" });
        const remote = await atConsole(bench).schedules.get("minutely");
        expect(remote).toMatchObject({ cron: "* * * * *", isPaused: false });
        await bench.advance(2 * MINUTE);
        expect(ran).toEqual([7, 7]);
        const results = await resultsOf(bench, "work");
        expect(
          results.map(({ scheduleId, status, maxRetries, tags }) => [scheduleId, status, maxRetries, tags]),
        ).toEqual([
          ["minutely", "SUCCESSFUL", 5, ["scheduled"]],
          ["minutely", "SUCCESSFUL", 5, ["scheduled"]],
        ]);
        const listed = await server.client.schedules.get("minutely");
        expect(listed.lastRunAt).not.toBeNull();
        expect(listed.nextRunAt?.getTime()).toBeGreaterThan(listed.lastRunAt?.getTime() ?? Number.NaN);
      },
    },
    {
      name: "a time of a schedule that is delivered again, or retried, is the same task result",
      needs: [...NEEDS, "inspector"],
      run: async (bench) => {
        let calls = 0;
        const server = bench.deploy({
          handlers: {
            work: ({ input }) => {
              calls++;
              if (calls < 3) throw new Error("no luck");
              return input;
            },
          },
        });
        await alignToMinute(bench);
        // Hours away from now, so that the day and some minutes that pass here have it once.
        const hour = bench.local.qstash.now().getUTCHours() < 12 ? 18 : 6;
        await server.client.schedules.create({
          id: "daily",
          task: "work",
          cron: `0 ${hour} * * *`,
          input: { n: 1 },
        });
        const { platform } = bench.local;
        let lost = 0;
        bench.local.platform = async (request) => {
          const answer = await platform(request);
          return answer.status === 200 && lost++ === 0 ? new Response(null, { status: 502 }) : answer;
        };
        await bench.advance(DAY, 30 * SECOND);
        await bench.advance(10 * MINUTE);
        expect(calls).toBe(3);
        expect(lost).toBeGreaterThan(1);
        expect(await resultsOf(bench, "work")).toMatchObject([{ status: "SUCCESSFUL", attempts: 3 }]);
      },
    },
    {
      name: "a time whose deliveries all failed at the host runs when QStash gives it up",
      needs: [...NEEDS, "inspector"],
      run: async (bench) => {
        const server = bench.deploy();
        await alignToMinute(bench);
        await server.client.schedules.create({ id: "once", task: "silent", cron: "0 0 1 1 *" });
        const { platform } = bench.local;
        bench.local.platform = async (request) => {
          const isCallback = (await request.clone().text()).includes("sourceMessageId");
          return isCallback ? platform(request) : new Response(null, { status: 500 });
        };
        await atConsole(bench).publish({
          url: bench.local.backend.getCallbackUrl(),
          body: (await atConsole(bench).schedules.get("once")).body ?? "",
          headers: { "content-type": "application/json" },
          failureCallback: bench.local.backend.getCallbackUrl(),
          retries: 1,
        });
        await bench.advance(5 * MINUTE);
        expect(await resultsOf(bench, "silent")).toMatchObject([
          { status: "SUCCESSFUL", scheduleId: "once" },
        ]);
      },
    },
    {
      name: "a paused schedule rests until it is resumed, and a deleted one is gone at QStash too",
      needs: NEEDS,
      run: async (bench) => {
        let calls = 0;
        const server = bench.deploy({ handlers: { silent: () => void calls++ } });
        const { schedules } = server.client;
        await alignToMinute(bench);
        await schedules.create({ id: "a", task: "silent", cron: "* * * * *" });
        const paused = await schedules.pause("a");
        expect(paused.isPaused).toBe(true);
        expect(paused.didJustPause()).toBe(true);
        await bench.advance(3 * MINUTE);
        expect(calls).toBe(0);
        expect((await atConsole(bench).schedules.get("a")).isPaused).toBe(true);
        expect((await schedules.resume("a")).didJustResume()).toBe(true);
        await bench.advance(2 * MINUTE);
        expect(calls).toBe(2);
        expect(await schedules.delete("a")).toBe(true);
        expect(await schedules.delete("a")).toBe(false);
        expect(await atConsole(bench).schedules.list()).toEqual([]);
        await expect(schedules.get("a")).rejects.toMatchObject({ code: "SCHEDULE_NOT_FOUND" });
        await bench.advance(2 * MINUTE);
        expect(calls).toBe(2);
      },
    },
    {
      name: "a time zone travels as CRON_TZ, and a schedule's own retries and timeout reach QStash",
      needs: NEEDS,
      run: async (bench) => {
        const { schedules } = bench.serve().client;
        await schedules.create({
          id: "zoned",
          task: "silent",
          cron: "0 9 * * 1-5",
          timeZone: "Europe/Berlin",
          maxRetries: 2,
          timeout: "60s",
        });
        expect(await atConsole(bench).schedules.get("zoned")).toMatchObject({
          cron: "CRON_TZ=Europe/Berlin 0 9 * * 1-5",
          retries: 3,
          timeout: 75,
        });
        expect(await schedules.get("zoned")).toMatchObject({
          cron: "0 9 * * 1-5",
          timeZone: "Europe/Berlin",
        });
      },
    },
    {
      name: "one that says the same again changes nothing at QStash, and one that was deleted there is made anew",
      needs: NEEDS,
      run: async (bench) => {
        const { schedules } = bench.serve().client;
        const said = { id: "a", task: "work", cron: "* * * * *", input: { n: 1 } } as const;
        await schedules.create(said);
        let created = 0;
        bench.local.interfere = ({ method, url }) => {
          if (method === "POST" && /\/v2\/schedules\/https/.test(url)) created++;
          return undefined;
        };
        await schedules.create(said);
        expect(created).toBe(0);
        await schedules.create({ ...said, cron: "0 * * * *" });
        expect(created).toBe(1);
        await atConsole(bench).schedules.delete("a");
        await expect(schedules.get("a")).rejects.toMatchObject({ code: "SCHEDULE_NOT_FOUND" });
        await schedules.create({ ...said, cron: "0 * * * *" });
        expect(created).toBe(2);
        expect(await atConsole(bench).schedules.list()).toHaveLength(1);
        expect((await schedules.list()).schedules.map(({ id }) => id)).toEqual(["a"]);
      },
    },
    {
      name: "a sync brings what is kept up to QStash's: added, changed, removed; foreign schedules are left alone",
      needs: [...NEEDS, "schedules.sync"],
      run: async (bench) => {
        const { schedules } = bench.serve().client;
        const console_ = atConsole(bench);
        await console_.schedules.create({
          scheduleId: "foreign",
          destination: "https://other.example.test/",
          cron: "* * * * *",
        });
        await console_.schedules.create({
          scheduleId: "by-hand",
          destination: bench.local.backend.getCallbackUrl(),
          cron: "* * * * *",
          body: "not ours",
        });
        for (const id of ["same", "changed", "gone", "lost"])
          await schedules.create({ id, task: "silent", cron: "0 0 * * *" });
        const sync = async () => bench.backend.schedules?.sync?.({ now: await bench.storeTime() });
        expect(await sync()).toEqual({ added: 0, changed: 0, removed: 0, unchanged: 4 });
        await console_.schedules.delete("gone");
        await console_.schedules.pause({ schedule: "changed" });
        await bench.local.store?.schedules?.delete({ id: "lost" });
        expect(await sync()).toEqual({ added: 1, changed: 1, removed: 1, unchanged: 1 });
        expect(await sync()).toEqual({ added: 0, changed: 0, removed: 0, unchanged: 3 });
        const { schedules: listed } = await schedules.list();
        expect(listed.map(({ id, isPaused }) => [id, isPaused])).toEqual([
          ["changed", true],
          ["lost", false],
          ["same", false],
        ]);
        expect((await console_.schedules.list()).map(({ scheduleId }) => scheduleId).sort()).toEqual([
          "by-hand",
          "changed",
          "foreign",
          "lost",
          "same",
        ]);
      },
    },
  ],
};
