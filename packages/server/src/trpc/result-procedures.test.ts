import { initTasks } from "@taskwright/shared";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { memoryBackend } from "../backends/memory/index.ts";
import { createTaskServer } from "../create-task-server.ts";
import { createTaskRouter } from "./create-task-router.ts";
import { ada, bob, mail, open, refusal, serve, t } from "./router-callers.setup.test.ts";

describe("task results", () => {
  it("are read by those whom canRead lets, without what the server keeps to itself", async () => {
    const { as } = open();
    const { id } = await as(ada).tasks.sendEmail.delay(mail);
    const shown = await as(ada).results.get({ id });
    expect(shown).toMatchObject({ id, path: "sendEmail", status: "READY", input: mail, tags: ["user:ada"] });
    expect(Object.keys(shown)).not.toContain("workerIds");
    expect(Object.keys(shown)).not.toContain("backend");
    expect(await as(ada).results.wait({ id, timeoutMs: 0 })).toBeNull();
    expect(await as(ada).results.cancel({ id, path: "sendEmail" })).toBe("cancelled");
    expect(await as(ada).results.wait({ id })).toMatchObject({ status: "CANCELLED" });
  });

  it("of others look as if they were not there", async () => {
    const { as } = open();
    const { id } = await as(ada).tasks.sendEmail.delay(mail);
    const missing = id.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
    const { results } = as(bob);
    for (const call of [results.get, results.wait, results.cancel] as const) {
      const refused = await refusal(call({ id, path: "tick" }));
      expect(refused).toMatchObject({ trpc: "NOT_FOUND", code: "RESULT_NOT_FOUND" });
      const absent = await refusal(call({ id: missing, path: "tick" }));
      expect(JSON.stringify(absent).replaceAll(missing, id)).toBe(JSON.stringify(refused));
    }
    expect(await as(ada).results.get({ id })).toMatchObject({ status: "READY" });
  });

  it("of others look as if they were not there, also where the contract cannot read what is stored of them", async () => {
    const backend = memoryBackend();
    const older = initTasks.create();
    const olderTasks = older.router({ sendEmail: older.task.output(z.string()) });
    const before = createTaskServer({ tasks: olderTasks, backend, handlers: { sendEmail: () => "m-1" } });
    const { id } = await before.client.tasks.sendEmail.enqueue(undefined, { tags: ["user:ada"] });
    await before.executor.processOneTask();
    const { as } = open(backend);
    for (const call of [as(bob).results.get, as(bob).results.wait, as(bob).results.cancel])
      expect(await refusal(call({ id }))).toMatchObject({ trpc: "NOT_FOUND", code: "RESULT_NOT_FOUND" });
    for (const call of [as(ada).results.get, as(ada).results.wait])
      expect(await refusal(call({ id }))).toMatchObject({ trpc: "BAD_REQUEST", code: "PAYLOAD_ERROR" });
    expect(await as(ada).results.cancel({ id })).toBe("finished");
  });

  it("are read by nobody unless canRead is given", async () => {
    const server = serve();
    const { tasks, results } = createTaskRouter(t, server, { procedure: t.procedure }).createCaller(ada);
    const { id } = await tasks.tick.delay(undefined);
    for (const one of [id, "no-such-id"]) {
      expect(await refusal(results.get({ id: one }))).toMatchObject({
        trpc: "FORBIDDEN",
        message: "Nobody may read task results from here: createTaskRouter() was given no canRead.",
      });
    }
  });

  it("may be readable and not cancellable", async () => {
    const { tasks, results } = createTaskRouter(t, serve(), {
      procedure: t.procedure,
      canRead: () => true,
      canCancel: (ctx) => ctx.user === "ada",
    }).createCaller(bob);
    const { id } = await tasks.tick.delay(undefined);
    expect(await refusal(results.cancel({ id }))).toMatchObject({ trpc: "FORBIDDEN" });
    expect(await results.get({ id })).toMatchObject({ status: "READY" });
  });

  it("of another task than the caller thinks are a mismatch", async () => {
    const { as } = open();
    const { id } = await as(ada).tasks.tick.delay(undefined);
    expect(await refusal(as(ada).results.get({ id, path: "sendEmail" }))).toMatchObject({
      trpc: "CONFLICT",
      code: "RESULT_MISMATCH",
    });
  });

  it("are looked for in a backend only where that option is allowed", async () => {
    const { as } = open();
    expect(await refusal(as(ada).results.get({ id: "a", backend: "default" }))).toMatchObject({
      trpc: "FORBIDDEN",
      data: { option: "backend" },
    });
    expect(await refusal(as(ada).results.get({ id: 1 as never }))).toMatchObject({ data: { option: "id" } });
    expect(await refusal(as(ada).results.wait({ id: "a", timeoutMs: -1 }))).toMatchObject({
      data: { option: "timeoutMs" },
    });
  });

  it("are told as they change, until they have ended, and again to who comes back", async () => {
    const { server, as } = open();
    const { id } = await as(ada).tasks.tick.delay(undefined);
    const ids: string[] = [];
    for await (const { id: eventId, data } of await as(ada).results.progress({ id })) {
      const { status, progress } = data;
      ids.push(eventId);
      expect(progress).toBeNull();
      if (ids.length === 1) {
        expect(status).toBe("READY");
        await server.client.results.cancel(id);
      } else expect(status).toBe("CANCELLED");
    }
    expect(ids).toHaveLength(2);
    const since = async (lastEventId: string | undefined) => {
      const told: string[] = [];
      for await (const { data } of await as(ada).results.progress({
        id,
        lastEventId: lastEventId ?? null,
      }))
        told.push(data.status);
      return told;
    };
    expect(await since(ids[0])).toEqual(["CANCELLED"]);
    expect(await since(ids[1])).toEqual([]);
  });
});
