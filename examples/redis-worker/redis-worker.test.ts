// Runs the example as a user does, each process with a prefix of the test's own on a real server.
import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, type TestContext, test } from "vitest";
import { freeRestartPort } from "../../test/harness/own-servers/restart-port.ts";
import { freshRedisPrefix } from "../../test/harness/redis-prefix.ts";

/** The environment of a run on keys that nobody else uses. */
function environment(context: TestContext): NodeJS.ProcessEnv {
  const { url, keyPrefix } = freshRedisPrefix(context, "the example examples/redis-worker");
  return { ...process.env, REDIS_URL: url, KEY_PREFIX: keyPrefix };
}

const run = (file: string, env: NodeJS.ProcessEnv) =>
  promisify(execFile)(process.execPath, [file], { cwd: import.meta.dirname, env });

test("npm start has workers count what the producer awaits, again and again", async (context) => {
  const env = environment(context);
  for (let round = 0; round < 2; round++) {
    const { stdout } = await run("start.ts", env);
    expect(stdout).toMatch(/^producer \d+ has enqueued 8 tasks$/m);
    expect(stdout).toMatch(/^22044 primes from 0 to 250000, counted by worker \d+$/m);
    expect(stdout).toContain("148933 primes below 2000000\n");
  }
});

test("what the producer enqueues before there is a worker waits for one, which stops when it is told to", async (context) => {
  const env = environment(context);
  const start = (file: string) => {
    const child = fork(join(import.meta.dirname, file), { env, stdio: ["ignore", "pipe", "inherit", "ipc"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    return child;
  };
  const producer = start("producer.ts");
  const done = once(producer, "exit");
  await once(producer.stdout ?? producer, "data");
  const worker = start("worker.ts");
  expect(await done).toEqual([0, null]);
  worker.kill("SIGTERM");
  expect(await once(worker, "exit")).toEqual([0, null]);
});

test("without a server each process says where it looked, and what to do", async () => {
  const port = await freeRestartPort();
  const env = { ...process.env, REDIS_URL: `redis://ann:secret@127.0.0.1:${port}` };
  for (const file of ["producer.ts", "worker.ts", "start.ts"]) {
    const failed = await run(file, env).catch((error: { code: number; stderr: string }) => error);
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.stderr).toContain(
      `Tried redis://127.0.0.1:${port}. Start one (redis-server), or set REDIS_URL.\n`,
    );
    expect(failed.stderr).not.toContain("secret");
  }
});
