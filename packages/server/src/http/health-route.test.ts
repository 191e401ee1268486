import { describe, expect, test } from "vitest";
import { away, faulty, SECRET, serve } from "./served-endpoints.setup.test.ts";

describe("health", () => {
  test("is 200 while every backend answers", async () => {
    const { call } = serve();
    const answer = await call("GET /tasks/health");
    expect([answer.status, answer.json]).toEqual([
      200,
      { status: "ok", backends: { default: "ok", other: "ok" } },
    ]);
  });

  test("is 503 when one is away, which is all that it says of it", async () => {
    let isAway = false;
    const { call, told } = serve({}, { backend: faulty(away, () => isAway) });
    expect((await call("GET /tasks/health")).status).toBe(200);
    isAway = true;
    const answer = await call("GET /tasks/health");
    expect([answer.status, answer.json]).toEqual([
      503,
      { status: "unavailable", backends: { default: "unavailable", other: "ok" } },
    ]);
    expect(told).toEqual([`A backend did not answer a check of its health. No answer from ${SECRET}.`]);
  });

  test("does not wait longer than five seconds for one that says nothing", async () => {
    const asked = Promise.withResolvers<void>();
    const silent = () => {
      asked.resolve();
      return new Promise<never>(() => {});
    };
    const { call, host } = serve({}, { backend: faulty(silent) });
    const answer = call("GET /tasks/health");
    await asked.promise;
    await host.advance(5_000);
    expect((await answer).json).toMatchObject({ backends: { default: "unavailable" } });
  });
});
