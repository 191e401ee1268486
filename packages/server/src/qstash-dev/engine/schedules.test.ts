import { describe, expect, it } from "vitest";
import { HOOK, held, START } from "./held-engine.setup.test.ts";

describe("a schedule", () => {
  it("publishes at each time of its rule, in UTC, with its id and its message", async () => {
    const { call, qstash, requests, times } = held();
    const { body } = await call(
      `POST /v2/schedules/${HOOK}`,
      { "upstash-cron": "*/2 * * * *", "upstash-label": "tidy", "upstash-forward-a": "1" },
      "tick",
    );
    expect(body.scheduleId).toMatch(/^scd_/);
    await qstash.advance("4m");
    expect(times()).toEqual([90, 210]);
    expect(requests[0]?.headers.get("upstash-schedule-id")).toBe(body.scheduleId);
    expect(requests[0]).toMatchObject({ body: "tick" });
    expect((await call(`GET /v2/schedules/${body.scheduleId}`)).body).toMatchObject({
      scheduleId: body.scheduleId,
      cron: "*/2 * * * *",
      destination: HOOK,
      body: "tick",
      label: "tidy",
      retries: 3,
      isPaused: false,
      lastScheduleTime: START + 210_000,
      nextScheduleTime: START + 330_000,
      lastScheduleStates: { [requests[1]?.headers.get("upstash-message-id") ?? ""]: "SUCCESS" },
    });
  });

  it("goes by the time zone of its rule, over the change to summer time too", async () => {
    const { call, clock } = held();
    clock.moveTo(Date.UTC(2030, 2, 30, 12));
    const headers = { "upstash-cron": "CRON_TZ=Europe/Berlin 0 4 * * *", "upstash-schedule-id": "daily" };
    await call(`POST /v2/schedules/${HOOK}`, headers);
    expect((await call("GET /v2/schedules/daily")).body.nextScheduleTime).toBe(Date.UTC(2030, 2, 31, 2));
    const winter = { "upstash-cron": "CRON_TZ=America/New_York 0 4 1 1 *", "upstash-schedule-id": "winter" };
    await call(`POST /v2/schedules/${HOOK}`, winter);
    expect((await call("GET /v2/schedules/winter")).body.nextScheduleTime).toBe(Date.UTC(2031, 0, 1, 9));
  });

  it("is replaced under the same id, paused, resumed and deleted", async () => {
    const { call, qstash, times } = held();
    const create = (cron: string) =>
      call(`POST /v2/schedules/${HOOK}`, { "upstash-cron": cron, "upstash-schedule-id": "one" });
    await create("* * * * *");
    await create("0 * * * *");
    expect((await call("GET /v2/schedules")).body).toHaveLength(1);
    await qstash.advance("1h");
    expect(times()).toEqual([59.5 * 60]);
    expect((await call("PATCH /v2/schedules/one/pause")).status).toBe(200);
    await qstash.advance("2h");
    expect(times()).toHaveLength(1);
    expect((await call("POST /v2/schedules/one/resume")).status).toBe(200);
    await qstash.advance("1h");
    expect(times()).toEqual([59.5 * 60, 59.5 * 60 + 3 * 3_600]);
    expect((await call("DELETE /v2/schedules/one")).status).toBe(200);
    await qstash.advance("2h");
    expect(times()).toHaveLength(2);
    expect((await call("GET /v2/schedules/one")).status).toBe(404);
  });

  it("goes through a queue, and to a url group that may come and go", async () => {
    const { call, qstash, requests } = held();
    const endpoints =
      '{"endpoints":[{"url":"https://example.com/1","name":"one"},{"url":"https://example.com/2"}]}';
    await call("POST /v2/topics/both/endpoints", {}, endpoints);
    const headers = { "upstash-cron": "* * * * *", "upstash-schedule-id": "s", "upstash-queue-name": "line" };
    await call("POST /v2/schedules/both", headers);
    await qstash.advance("1m");
    expect(requests.map(({ url }) => url)).toEqual(["https://example.com/1", "https://example.com/2"]);
    expect(requests[0]?.headers.get("upstash-topic-name")).toBe("both");
    expect((await call("GET /v2/queues/line")).body).toMatchObject({ name: "line", lag: 0 });
    await call("DELETE /v2/topics/both");
    await qstash.advance("1m");
    await call("POST /v2/topics/both/endpoints", {}, endpoints);
    await qstash.advance("1m");
    expect(requests).toHaveLength(4);
  });
});
