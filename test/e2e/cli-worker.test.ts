import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fixture, projectFolder } from "./fixtures/cli/cli-process.ts";
import { projectClient } from "./fixtures/cli/project-client.ts";

const MADE_UP_ORDER = { orderId: 7 };

/** A config in which the store does not answer the first claim. */
const FIRST_CLAIM_FAILS = `
  import { server } from ${JSON.stringify(fixture("server.ts"))};
  const { leases } = server["~engine"].backend("default").backend;
  const claim = leases.claim;
  leases.claim = async () => {
    leases.claim = claim;
    throw new Error("disk I/O error");
  };
  export default server;`;

/** A config whose handler of `sendEmail` logs. */
const HANDLER_LOGS = `
  import { createTaskServer } from ${JSON.stringify(import.meta.resolve("@taskwright/server"))};
  import { sqliteBackend } from ${JSON.stringify(import.meta.resolve("@taskwright/server/sqlite"))};
  import { tasks } from ${JSON.stringify(fixture("tasks.ts"))};
  export default createTaskServer({
    tasks,
    backend: sqliteBackend({ file: "default.db" }),
    only: ["sendEmail"],
    handlers: {
      sendEmail: ({ input, logger }) => {
        logger.info({ kind: "news", level: 7, parts: [1, 2] }, "mail composed");
        return { messageId: input.to };
      },
    },
  });`;

function jsonLines(stdout: string): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

describe.concurrent("worker --once", () => {
  test("runs what is due, logs what went wrong and why, and ends with a summary", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    await client.tasks.sendEmail.enqueueMany([{ to: "ada@example.com" }, { to: "bob@example.com" }]);
    const invoice = await client.tasks.billing.invoice.delay(MADE_UP_ORDER);
    const refused = await client.tasks.billing.refuse.delay({ reason: "SECRET-INPUT" });
    const { code, stdout, stderr } = await folder.run(["worker", "--once", "--id", "w1"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).not.toContain("SECRET-INPUT");
    expect(stdout).not.toContain("\u001b");
    const lines = stdout.trimEnd().split("\n");
    for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z (info |warn |error) \S/);
    const messages = lines.map((line) => line.slice(31));
    expect(messages[0]).toBe("worker w1 started: backend default (sqlite), all queues, 5 tasks, 10 at once");
    expect(messages.slice(1, -1).sort()).toEqual([
      `billing.invoice attempt 1 failed, next in 59m: TypeError: order 7 has no address (${invoice.id})`,
      `billing.refuse FAILED at attempt 1: NonRetryable: refused by the bank (${refused.id})`,
    ]);
    expect(messages.at(-1)).toMatch(
      /^worker w1 stopped after \S+ and 4 attempts: 2 successful, 1 to be retried, 1 failed$/,
    );
  });

  test("with nothing due ends at once", async () => {
    await using folder = projectFolder();
    const { code, stdout } = await folder.run(["worker", "--once"]);
    expect(code).toBe(0);
    expect(stdout).toContain("and 0 attempts: 0 successful, 0 to be retried, 0 failed");
  });

  test("does not take a claim that failed for an empty queue", async () => {
    await using folder = projectFolder();
    folder.write("flaky.ts", FIRST_CLAIM_FAILS);
    await using client = projectClient(folder);
    const mail = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    const { stdout } = await folder.run(["worker", "--once", "--config", "flaky.ts"]);
    expect(stdout).toContain("A claim failed; trying again. worker=");
    expect(await mail.status()).toBe("SUCCESSFUL");
  });

  test("works on the named queues only", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const mail = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    const refused = await client.tasks.billing.refuse.delay({ reason: "none" });
    await folder.run(["worker", "--once", "--queue", "emails"]);
    expect([await mail.status(), await refused.status()]).toEqual(["SUCCESSFUL", "READY"]);
    await folder.run(["worker", "--once", "--queue", "emails", "--queue", "default"]);
    expect(await refused.status()).toBe("FAILED");
  });

  test("works on the named backend only", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const mail = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    const bulk = await client.tasks.sendEmail.enqueue({ to: "ada@example.com" }, { backend: "bulk" });
    await folder.run(["worker", "--once", "--backend", "bulk"]);
    expect([await mail.status(), await bulk.status()]).toEqual(["READY", "SUCCESSFUL"]);
  });

  test("stops after --max-tasks attempts", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    await client.tasks.sendEmail.enqueueMany(Array.from({ length: 5 }, () => ({ to: "ada@example.com" })));
    const { stdout } = await folder.run(["worker", "--max-tasks", "2", "--concurrency", "1"]);
    expect(stdout).toContain("and 2 attempts: 2 successful");
    const { results } = await client.results.list({ status: "READY" });
    expect(results).toHaveLength(3);
  });
});

describe.concurrent("worker's log", () => {
  test("has each attempt with --log-level debug, and errors only with --log-level error", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const mail = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    const refused = await client.tasks.billing.refuse.delay({ reason: "none" });
    const quiet = await folder.run(["worker", "--once", "--queue", "default", "--log-level", "error"]);
    expect(quiet.stdout).toMatch(/^\S+ error billing\.refuse FAILED at attempt 1: .*\n$/);
    const detailed = await folder.run(["worker", "--once", "--log-level", "debug"]);
    expect(detailed.stdout).toContain(`sendEmail attempt 1 started (${mail.id})`);
    expect(detailed.stdout).toMatch(new RegExp(`sendEmail attempt 1 succeeded in \\S+ \\(${mail.id}\\)`));
    expect(await refused.status()).toBe("FAILED");
  });

  test("--json has one object per line with stable names", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const { id } = await client.tasks.billing.invoice.delay(MADE_UP_ORDER);
    const { stdout } = await folder.run(["worker", "--once", "--json", "--id", "w1", "--workers", "3"]);
    const [started, retrying, stopped, ...more] = jsonLines(stdout);
    expect(more).toEqual([]);
    const time = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(started).toEqual({
      time,
      level: "info",
      message: expect.stringContaining("worker w1 started"),
      event: "worker-started",
      worker: "w1",
      backend: "default",
      queues: "all",
      concurrency: 3,
      tasks: 5,
    });
    expect(retrying).toEqual({
      time,
      level: "warn",
      message: expect.stringContaining("billing.invoice attempt 1 failed"),
      event: "retrying",
      id,
      task: "billing.invoice",
      queue: "default",
      backend: "default",
      attempt: 1,
      runAfter: time,
      error: {
        type: "EXECUTION_ERROR",
        exceptionClass: "TypeError",
        message: "order 7 has no\u001b[31m address",
        attempt: 1,
        workerId: "w1",
        at: time,
      },
    });
    expect(stopped).toMatchObject({
      level: "info",
      event: "worker-stopped",
      attempts: 1,
      succeeded: 0,
      retrying: 1,
      failed: 0,
      durationMs: expect.any(Number),
    });
  });

  test("has what handlers say, at its own level, with their facts, task, id and attempt", async () => {
    await using folder = projectFolder();
    folder.write("logging.ts", HANDLER_LOGS);
    await using client = projectClient(folder);
    const { id } = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    const { stdout } = await folder.run(["worker", "--once", "--config", "logging.ts"]);
    expect(stdout).toContain(
      ` info  mail composed task=sendEmail id=${id} attempt=1 kind=news level=7 parts=[1,2]\n`,
    );
    await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    const json = await folder.run(["worker", "--once", "--config", "logging.ts", "--json"]);
    expect(jsonLines(json.stdout)).toContainEqual({
      time: expect.any(String),
      level: "info",
      message: "mail composed",
      task: "sendEmail",
      id: expect.any(String),
      attempt: 1,
      kind: "news",
      parts: [1, 2],
    });
  });

  test("--json --verbose has the stacks", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    await client.tasks.billing.refuse.delay({ reason: "none" });
    const { stdout } = await folder.run(["worker", "--once", "--json", "--verbose"]);
    const failed = jsonLines(stdout).find(({ event }) => event === "failed");
    expect(failed).toMatchObject({ error: { stack: expect.stringContaining("server.ts:") } });
  });
});

describe.concurrent("a continuous worker", () => {
  test("logs what the engine warns of, where the server has no logger of its own", async () => {
    await using folder = projectFolder();
    folder.write("flaky.ts", FIRST_CLAIM_FAILS);
    await using client = projectClient(folder);
    const worker = folder.start(["worker", "--config", "flaky.ts"]);
    await worker.said(": Error: disk I/O error\n");
    const mail = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    expect(await mail.get({ timeout: "20s" })).toEqual({ messageId: "<ada@example.com>" });
    worker.signal("SIGINT");
    expect((await worker.ended).code).toBe(0);
  });

  test("picks up what another process enqueues, and ends with 0 at SIGTERM", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const worker = folder.start(["worker", "--interval", "1", "--claim-interval", "5s"]);
    await worker.said("started: backend default");
    const mail = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    expect(await mail.get({ timeout: "20s" })).toEqual({ messageId: "<ada@example.com>" });
    worker.signal("SIGTERM");
    const { code, stdout } = await worker.ended;
    expect(code).toBe(0);
    expect(stdout).toContain("SIGTERM: stopping\n");
    expect(stdout).toContain("1 attempt: 1 successful");
  });

  test("goes on when nobody reads its log any more, and ends as ever", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const held = await client.tasks.hold.delay({ releaseFile: join(folder.path, "release") });
    const worker = folder.start(["worker", "--log-level", "debug"]);
    await worker.said("hold attempt 1 started");
    worker.stopReading();
    for (let count = 0; count < 3; count++) {
      const mail = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
      expect(await mail.get({ timeout: "20s" })).toEqual({ messageId: "<ada@example.com>" });
    }
    folder.write("release", "");
    expect(await held.get({ timeout: "20s" })).toBe("released");
    worker.signal("SIGTERM");
    expect((await worker.ended).code).toBe(0);
  });

  test("waits at SIGINT for the handler that runs, and says so", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const releaseFile = join(folder.path, "release");
    const held = await client.tasks.hold.delay({ releaseFile });
    const worker = folder.start(["worker", "--log-level", "debug"]);
    await worker.said("hold attempt 1 started");
    worker.signal("SIGINT");
    await worker.said("SIGINT: stopping, waiting for 1 handler: hold; a second signal exits at once");
    const late = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    folder.write("release", "");
    const { code, stdout } = await worker.ended;
    expect(code).toBe(0);
    expect(stdout).toContain("1 attempt: 1 successful");
    expect(await held.get()).toBe("released");
    expect(await late.status()).toBe("READY");
  });

  test("exits at once with 130 at a second signal, and its task runs again later", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const held = await client.tasks.hold.delay({ releaseFile: join(folder.path, "release") });
    const worker = folder.start(["worker", "--log-level", "debug"]);
    await worker.said("hold attempt 1 started");
    worker.signal("SIGTERM");
    await worker.said("SIGTERM: stopping");
    worker.signal("SIGINT");
    const { code, stdout } = await worker.ended;
    expect(code).toBe(130);
    expect(stdout).toContain("SIGINT again: exiting at once, leaving 1 handler: hold; they run again");
    expect(stdout).not.toContain("stopped after");
    expect(await held.status()).toBe("RUNNING");
  });

  test("tells a handler that another command cancels", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const held = await client.tasks.hold.delay({ releaseFile: join(folder.path, "release") });
    const worker = folder.start(["worker", "--log-level", "debug"]);
    await worker.said("hold attempt 1 started");
    const cancel = await folder.run(["cancel", held.id]);
    expect(cancel.code).toBe(0);
    expect(cancel.stdout).toContain(`hold ${held.id} is RUNNING; its handler is asked to stop.`);
    await worker.said(`hold CANCELLED (${held.id})`);
    worker.signal("SIGINT");
    expect((await worker.ended).stdout).toContain("0 failed, 1 cancelled");
  });
});

test("a worker whose backend does not open ends with 1", async () => {
  await using folder = projectFolder();
  const { code, stderr } = await folder.run(["worker", "--backend", "bulk"], { env: { BROKEN_BULK: "yes" } });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Error: .+\n`taskwright doctor` examines each backend/);
});
