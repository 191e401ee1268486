import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createTaskServer, NonRetryable } from "@taskwright/server";
import { redisBackend } from "@taskwright/server/redis";
import { expect, onTestFinished, type TestContext, test } from "vitest";
import { freshRedisPrefix } from "../harness/redis-prefix.ts";
import { startRedis } from "../harness/redis-process.ts";
import { redisClient, redisFolder } from "./fixtures/cli/redis-folder.ts";
import { tasks } from "./fixtures/cli/tasks.ts";
import { REPOSITORY } from "./markdown.ts";

const place = (context: TestContext) => freshRedisPrefix(context, "the command line on Redis");

test("worker --once runs what is due, and the listings tell of it", async (context) => {
  const there = place(context);
  const folder = redisFolder(there);
  const client = redisClient(there);
  const mail = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
  const refused = await client.tasks.billing.refuse.delay({ reason: "none" });
  const later = await client.tasks.sendEmail.applyAsync({ to: "bob@example.com" }, { countdown: "1h" });

  const { code, stdout, stderr } = await folder.run([
    "worker",
    "--once",
    "--id",
    "w1",
    "--claim-interval",
    "5s",
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("worker w1 started: backend default (redis), all queues, 3 tasks, 10 at once");
  expect(stdout).toMatch(
    /worker w1 stopped after \S+ and 2 attempts: 1 successful, 0 to be retried, 1 failed\n$/,
  );

  const list = await folder.run(["results", "list"]);
  expect(list.stdout).toMatch(new RegExp(`^${later.id} +READY in \\S+ +sendEmail +emails +0`, "m"));
  expect(list.stdout).toMatch(new RegExp(`^${refused.id} +FAILED +billing\\.refuse +default +1`, "m"));
  expect(list.stdout).toMatch(new RegExp(`^${mail.id} +SUCCESSFUL +sendEmail +emails +1`, "m"));
  const failed = await folder.run(["results", "list", "--status", "FAILED", "--queue", "default", "--json"]);
  expect(JSON.parse(failed.stdout).results.map(({ id }: { id: string }) => id)).toEqual([refused.id]);

  const shown = await folder.run(["results", "show", mail.id]);
  expect(shown.stdout).toMatch(/^workers +w1$/m);
  expect(shown.stdout).toContain('"messageId": "<ada@example.com>"');

  const status = await folder.run(["status"]);
  expect(status.stdout).toContain(
    "backend default (redis)\n1 READY, 0 RUNNING, 1 SUCCESSFUL, 1 FAILED, 0 CANCELLED\n",
  );
  expect(status.stdout).toMatch(/^emails +0 +1 +0 +1 +0 +0 +-$/m);
});

test("a continuous worker is woken by what another process enqueues, and ends with 0 at SIGTERM", async (context) => {
  const there = place(context);
  const folder = redisFolder(there);
  const client = redisClient(there);
  // Woken, because it would look by itself only after half a minute.
  const worker = folder.start(["worker"]);
  await worker.said("started: backend default");
  for (let count = 0; count < 3; count++) {
    const mail = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    expect(await mail.get({ timeout: "15s" })).toEqual({ messageId: "<ada@example.com>" });
  }
  worker.signal("SIGTERM");
  expect((await worker.ended).code).toBe(0);
});

test("retry, cancel, execute and purge do what they say", async (context) => {
  const there = place(context);
  const folder = redisFolder(there);
  const client = redisClient(there);
  const refused = await client.tasks.billing.refuse.delay({ reason: "none" });
  const later = await client.tasks.sendEmail.applyAsync({ to: "bob@example.com" }, { countdown: "1h" });
  const unwanted = await client.tasks.sendEmail.applyAsync({ to: "cy@example.com" }, { countdown: "1h" });

  const executed = await folder.run(["execute", refused.id]);
  expect(executed.code).toBe(1);
  expect(executed.stderr).toContain(`${refused.id} is FAILED after attempt 1`);
  expect((await folder.run(["execute", later.id])).stdout).toContain(
    `${later.id} is SUCCESSFUL after attempt 1`,
  );
  expect((await folder.run(["retry", refused.id])).stdout).toContain(`${refused.id} is READY again`);
  expect((await folder.run(["cancel", unwanted.id])).stdout).toContain(`${unwanted.id} is CANCELLED`);
  expect(await refused.status()).toBe("READY");

  const dryRun = await folder.run(["purge", "--days", "0", "--status", "SUCCESSFUL,CANCELLED", "--dry-run"]);
  expect(dryRun.stdout).toBe("Would delete 2 task results; --dry-run deletes nothing.\n");
  expect(await later.status()).toBe("SUCCESSFUL");
  const purged = await folder.run([
    "purge",
    "--days",
    "0",
    "--status",
    "SUCCESSFUL,CANCELLED",
    "--batch-size",
    "1",
  ]);
  expect(purged.stdout).toBe("Deleted 2 task results.\n");
  const { results } = await client.results.list();
  expect(results.map(({ id }) => id)).toEqual([refused.id]);
});

test("migrate says that there is nothing to migrate, and does nothing", async (context) => {
  const folder = redisFolder(place(context));
  for (const args of [["migrate"], ["migrate", "--dry-run"], ["migrate", "--prisma"]]) {
    expect(await folder.run(args)).toEqual({
      code: 0,
      stdout: "-- default (redis) has nothing to migrate: what it needs it makes when it opens.\n",
      stderr: "",
    });
  }
});

test("doctor says what the server's settings can lose", async (context) => {
  const server = await startRedis(context, { appendOnly: true });
  const folder = redisFolder({ url: server.url, keyPrefix: "tw-doctor" });
  const doctor = () => folder.run(["doctor"]);
  const kept = await doctor();
  expect(kept.code).toBe(0);
  expect(kept.stdout).toMatch(
    /^ok +backend default +(Redis|Valkey) \S+ answers; maxmemory-policy is noeviction\.$/m,
  );
  expect(kept.stdout).toContain("a power cut can lose the last second of acknowledged tasks");
  await server.cli("config", "set", "appendfsync", "always");
  expect((await doctor()).stdout).toContain("appendfsync always: nothing acknowledged is lost");
  await server.cli("config", "set", "appendfsync", "no");
  expect((await doctor()).stdout).toMatch(
    /^warning +backend default +Append-only file with appendfsync no:/m,
  );
  await server.cli("config", "set", "appendonly", "no");
  await server.cli("config", "set", "save", "3600 1");
  expect((await doctor()).stdout).toMatch(/^warning +backend default +Snapshots only:/m);
  await server.cli("config", "set", "save", "");
  expect((await doctor()).stdout).toMatch(/^warning +backend default +The server saves nothing:/m);
  await server.cli("config", "set", "maxmemory-policy", "allkeys-lru");
  const evicting = await doctor();
  expect(evicting.code).toBe(1);
  expect(evicting.stdout).toMatch(
    /^error +backend default +Redis: maxmemory-policy is allkeys-lru.*set it to noeviction\.$/m,
  );
});

test("doctor says what the user may not do, and the rights of the documentation are enough", async (context) => {
  const server = await startRedis(context, { appendOnly: true });
  const url = new URL(server.url);
  url.username = "app";
  url.password = "secret";
  const there = { url: url.href, keyPrefix: "taskwright" };
  const folder = redisFolder(there);
  const page = readFileSync(join(REPOSITORY, "docs/backends/redis.md"), "utf8");
  const [, rights = ""] = /^ACL SETUSER app (.*)$/m.exec(page) ?? [];
  await server.cli("acl", "setuser", "app", ...rights.split(" "));
  const enough = await folder.run(["doctor"]);
  expect(enough.stdout).not.toMatch(/^(warning|error) +backend/m);
  const client = redisClient(there);
  const worker = folder.start(["worker"]);
  await worker.said("started");
  const mail = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
  expect(await mail.get({ timeout: "15s" })).toEqual({ messageId: "<ada@example.com>" });
  worker.signal("SIGTERM");
  expect((await worker.ended).code).toBe(0);
  expect(await server.cli("acl", "log")).toEqual([]);

  await server.cli("acl", "setuser", "app", "resetchannels", "-config", "-info");
  const { code, stdout } = await folder.run(["doctor"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^warning +backend default +The user may not read INFO/m);
  expect(stdout).toMatch(
    /^warning +backend default +The user may not use the channels taskwright:\*, so nobody is woken/m,
  );
});

test("the executor runs, counts and purges what is in Redis", async (context) => {
  const server = createTaskServer({
    tasks,
    backend: redisBackend({ ...place(context) }),
    only: ["sendEmail", "billing"],
    logger: false,
    handlers: {
      sendEmail: ({ input }) => ({ messageId: input.to }),
      billing: {
        invoice: () => undefined,
        refuse: () => {
          throw new NonRetryable("refused");
        },
      },
    },
  });
  onTestFinished(() => server.close());
  const { client, executor } = server;
  const first = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
  const refused = await client.tasks.billing.refuse.delay({ reason: "none" });
  await client.tasks.billing.invoice.delay({ orderId: 1 });
  const later = await client.tasks.sendEmail.applyAsync({ to: "bob@example.com" }, { countdown: "1h" });

  expect(await executor.pendingTaskCount()).toBe(3);
  expect(await executor.pendingTaskCount({ queue: "emails" })).toBe(1);
  expect(await executor.processOneTask({ queue: "emails" })).toMatchObject({
    id: first.id,
    status: "SUCCESSFUL",
  });
  expect(await executor.processOneTask({ queue: "emails" })).toBeNull();
  expect((await executor.processTasks({ maxTasks: 5 })).map(({ status }) => status)).toEqual([
    "FAILED",
    "SUCCESSFUL",
  ]);
  await expect(executor.runTaskById(refused.id)).rejects.toMatchObject({ code: "NOT_EXECUTABLE" });
  expect(await executor.runTaskById(refused.id, { allowRetry: true })).toMatchObject({
    status: "FAILED",
    attempts: 2,
  });
  expect(await executor.runTaskById(later.id)).toMatchObject({ status: "SUCCESSFUL" });

  const numbers = {
    backend: "default",
    pending: 0,
    delayed: 0,
    running: 0,
    cancelled: 0,
    oldestPendingAt: null,
  };
  expect([...(await executor.getQueueStats())].sort((a, b) => a.queue.localeCompare(b.queue))).toEqual([
    { ...numbers, queue: "default", successful: 1, failed: 1 },
    { ...numbers, queue: "emails", successful: 2, failed: 0 },
  ]);
  expect(await executor.purge({ days: 7 })).toBe(0);
  expect(await executor.purge({ days: 0, dryRun: true })).toBe(4);
  expect(await executor.purge({ days: 0, status: "FAILED" })).toBe(1);
  expect(await executor.purge({ days: 0 })).toBe(3);
  expect(await executor.getTaskCounts()).toMatchObject({ READY: 0, SUCCESSFUL: 0, FAILED: 0 });
});
