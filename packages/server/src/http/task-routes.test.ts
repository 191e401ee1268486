import { describe, expect, test } from "vitest";
import { SECRET, serve } from "./served-endpoints.setup.test.ts";

describe("run", () => {
  test("runs what is due, ten at most unless told otherwise, and says what became of each", async () => {
    const { call, server } = serve();
    const results = await server.client.tasks.work.enqueueMany(Array.from({ length: 12 }, (_, n) => ({ n })));
    const first = await call("POST /tasks/run");
    expect(first.status).toBe(200);
    expect(first.headers.get("cache-control")).toBe("no-store");
    expect(first.json.processed).toBe(10);
    expect((first.json.results as object[])[0]).toEqual({
      id: results[0]?.id,
      status: "SUCCESSFUL",
      taskPath: "work",
    });
    expect((await call("POST /tasks/run", { maxTasks: 1 })).json.processed).toBe(1);
    expect((await call("POST /tasks/run", { maxTasks: 100 })).json.processed).toBe(1);
    expect((await call("POST /tasks/run", { maxTasks: null })).json).toEqual({ processed: 0, results: [] });
    for (const maxTasks of [0, 101, "all"])
      expect((await call("POST /tasks/run", { maxTasks })).json.code).toBe("INVALID_OPTION");
  });

  test("runs of one queue and one backend", async () => {
    const { call, server } = serve();
    await server.client.tasks.work.delay({ n: 1 });
    await server.client.tasks.mail.delay();
    await server.client.tasks.work.enqueue({ n: 2 }, { backend: "other" });
    const emails = await call("POST /tasks/run", { queueName: "emails" });
    expect(emails.json).toMatchObject({ processed: 1, results: [{ taskPath: "mail" }] });
    expect((await call("GET /tasks/status?backendName=other")).json).toEqual({ pendingCount: 1 });
    expect((await call("POST /tasks/run-one", { backendName: "other" })).json.processed).toBe(true);
    expect((await call("POST /tasks/run", { queueName: null, backendName: null })).json.processed).toBe(1);
  });

  test("does what workers do beside: due schedules, and what lost its worker", async () => {
    const { call, server, host } = serve();
    await server.client.schedules.create({ id: "each-minute", task: "wait", cron: "* * * * *" });
    await server.client.tasks.work.delay({ n: 1 });
    const opened = server["~engine"].backend("default");
    await opened.leases.claim({
      workerId: "one that dies",
      tasks: [{ path: "work", lease: 60_000 }],
      queues: "all",
      limit: 1,
      now: opened.clock.now(),
    });
    expect((await call("POST /tasks/run")).json).toEqual({ processed: 0, results: [] });
    await host.advance(5 * 60_000);
    const { json } = await call("POST /tasks/run");
    expect(json).toMatchObject({ processed: 2 });
    expect((json.results as { taskPath: string }[]).map(({ taskPath }) => taskPath).sort()).toEqual([
      "wait",
      "work",
    ]);
  });

  test("run-one runs one, or says that there is none", async () => {
    const { call, server } = serve();
    const { id } = await server.client.tasks.work.delay({ n: 1 });
    const result = { id, status: "SUCCESSFUL", taskPath: "work" };
    expect((await call("POST /tasks/run-one", {})).json).toEqual({ processed: true, result });
    expect((await call("POST /tasks/run-one")).json).toEqual({ processed: false, result: null });
  });

  test("a task that fails is no error of the endpoint, and nothing of its input is said", async () => {
    const { call, server } = serve();
    await server.client.tasks.fail.delay({ text: SECRET });
    const answer = await call("POST /tasks/run", {});
    expect([answer.status, answer.json.results]).toMatchObject([200, [{ status: "FAILED" }]]);
    expect(answer.text).not.toContain(SECRET);
  });

  test.each(["POST /tasks/run", "POST /tasks/run-one", "GET /tasks/status"])(
    "%s refuses a queue and a backend that are not there",
    async (line) => {
      const { call } = serve();
      const isGet = line.startsWith("GET");
      for (const [name, value, code] of [
        ["queueName", "email", "UNKNOWN_QUEUE"],
        ["backendName", "nope", "UNKNOWN_BACKEND"],
      ]) {
        const answer = isGet
          ? await call(`${line}?${name}=${value}`)
          : await call(line, { [`${name}`]: value });
        expect([answer.status, answer.json.code]).toEqual([400, code]);
      }
    },
  );

  test.each(["run", "run-one", "execute"])(
    "a caller of %s that hangs up stops what runs, and gives it back",
    async (name) => {
      const begun = Promise.withResolvers<void>();
      const waiting = async (signal: AbortSignal) => {
        begun.resolve();
        await new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      };
      const { call, server } = serve({}, { waiting });
      const running = await server.client.tasks.wait.delay();
      const next = await server.client.tasks.work.delay({ n: 1 });
      const gone = new AbortController();
      const path = name === "execute" ? `/tasks/execute/${running.id}` : `/tasks/${name}`;
      const answer = call(`POST ${path}`, {}, { signal: gone.signal });
      await begun.promise;
      gone.abort();
      await answer;
      expect(await server.executor.getResult(running.id)).toMatchObject({ status: "READY", errors: [] });
      expect(await next.status()).toBe("READY");
    },
  );
});

describe("execute, status and purge", () => {
  test("execute runs a certain one now, and one that has failed where it may", async () => {
    const { call, server } = serve();
    const later = await server.client.tasks.work.enqueue({ n: 1 }, { countdown: "1h" });
    expect((await call(`POST /tasks/execute/${later.id}`)).json).toEqual({
      task: { id: later.id, status: "SUCCESSFUL", taskPath: "work" },
    });
    const again = await call(`POST /tasks/execute/${later.id}`, { allowRetry: true });
    expect([again.status, again.json.code]).toEqual([400, "NOT_EXECUTABLE"]);
    const failed = await server.client.tasks.fail.delay({ text: SECRET });
    await call("POST /tasks/run");
    expect((await call(`POST /tasks/execute/${failed.id}`, { allowRetry: false })).status).toBe(400);
    const retried = await call(`POST /tasks/execute/${failed.id}`, {
      allowRetry: true,
      backendName: "default",
    });
    expect([retried.status, retried.json]).toMatchObject([200, { task: { status: "FAILED" } }]);
    expect((await call(`POST /tasks/execute/${failed.id}`, { backendName: "other" })).status).toBe(404);
  });

  test("status counts what is due, and status/:id is a whole task result", async () => {
    const { call, server } = serve();
    const { id } = await server.client.tasks.work.delay({ n: 1 });
    await server.client.tasks.work.enqueue({ n: 2 }, { countdown: "1h" });
    await server.client.tasks.mail.delay();
    expect((await call("GET /tasks/status")).json).toEqual({ pendingCount: 2 });
    expect((await call("GET /tasks/status?queueName=emails&backendName=default")).json).toEqual({
      pendingCount: 1,
    });
    const { task } = (await call(`GET /tasks/status/${id}`)).json;
    expect(task).toEqual(JSON.parse(JSON.stringify(await server.executor.getResult(id))));
    expect(task).toMatchObject({ id, status: "READY", path: "work", input: { n: 1 } });
    expect((await call(`GET /tasks/status/${id}?backendName=other`)).status).toBe(404);
    expect((await call("GET /tasks/status?queue=emails")).json).toMatchObject({
      code: "INVALID_OPTION",
      error: expect.stringContaining("queueName"),
    });
  });

  test("purge deletes what is over, by age, status and batch, or only counts it", async () => {
    const { call, server } = serve();
    await server.client.tasks.work.enqueueMany([{ n: 1 }, { n: 2 }]);
    await server.client.tasks.fail.delay({ text: SECRET });
    await call("POST /tasks/run");
    expect((await call("POST /tasks/purge")).json).toEqual({ deleted: 0 });
    expect((await call("POST /tasks/purge", { days: 0, dryRun: true })).json).toEqual({ deleted: 3 });
    expect((await call("POST /tasks/purge", { days: 0, status: ["FAILED"], batchSize: 1 })).json).toEqual({
      deleted: 1,
    });
    expect(
      (await call("POST /tasks/purge", { days: "0", status: "SUCCESSFUL", dryRun: "false" })).json,
    ).toEqual({
      deleted: 2,
    });
    for (const body of [{ days: -1 }, { days: 1e9 }, { status: "READY" }, { batchSize: 0 }, { dryRun: 3 }])
      expect((await call("POST /tasks/purge", body)).json.code).toBe("INVALID_OPTION");
  });
});
