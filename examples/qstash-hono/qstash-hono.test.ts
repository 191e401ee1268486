// Runs the example as a user does, over real HTTP, on free ports and with a database of the test's own.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { sqliteBackend } from "@taskwright/server/sqlite";
import { expect, onTestFinished, test } from "vitest";
import { freeRestartPort } from "../../test/harness/own-servers/restart-port.ts";

async function environment(): Promise<NodeJS.ProcessEnv & { DATABASE_FILE: string; QSTASH_PORT: string }> {
  const folder = mkdtempSync(join(tmpdir(), "qstash-hono-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const port = await freeRestartPort([1]);
  return {
    ...process.env,
    PORT: String(port),
    QSTASH_PORT: String(port + 1),
    DATABASE_FILE: join(folder, "tasks.db"),
  };
}

const run = (env: NodeJS.ProcessEnv) =>
  promisify(execFile)(process.execPath, ["dev.ts", "--once"], {
    cwd: import.meta.dirname,
    env,
    timeout: 50_000,
  });

test("npm run dev has a task delivered, retried and its result read, twice with one database", async () => {
  const env = await environment();
  for (let round = 0; round < 2; round++) {
    const { stdout } = await run(env);
    expect(stdout).toContain('Its result: {"text":"Hello Ada!","attempts":2}\n');
    expect(stdout).toMatch(/ 503 .* greet .*next in 1s/);
    expect(stdout).toMatch(/ 200 .* greet /);
  }
  const store = sqliteBackend({ file: env.DATABASE_FILE });
  await store.open();
  onTestFinished(() => store.close());
  const schedules = (await store.schedules?.list({ after: null, limit: 10 })) ?? [];
  expect(schedules.map(({ path, cron }) => [path, cron])).toEqual([
    ["taskwright.clearStaleResults", "0 4 * * *"],
    ["taskwright.relay", "*/10 * * * *"],
    ["report", "* * * * *"],
  ]);
});

test("where the port of the local QStash is taken, it says so and ends", async () => {
  const env = await environment();
  const other = createServer().listen(Number(env.QSTASH_PORT), "127.0.0.1");
  onTestFinished(() => void other.close());
  const failed = await run(env).catch((error: { code: number; stderr: string }) => error);
  expect(failed).toMatchObject({ code: 1 });
  expect(failed.stderr).toContain(env.QSTASH_PORT);
});
