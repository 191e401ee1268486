// `npm run dev`: a local QStash and the app, each a process of its own, and a task through both; `--once` ends after that.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const port = process.env.PORT || "3000";
const qstashPort = process.env.QSTASH_PORT || "8080";
const app = `http://127.0.0.1:${port}`;
const env = {
  ...process.env,
  PORT: port,
  USE_LOCAL_QSTASH: "1",
  QSTASH_URL: `http://127.0.0.1:${qstashPort}`,
  TASKWRIGHT_DOMAIN: app,
};
const taskwright = fileURLToPath(new URL("../bin/taskwright.mjs", import.meta.resolve("@taskwright/server")));
const children: ChildProcess[] = [];

/** Starts a program of Node's, and waits for its first words. */
async function start(...words: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, words, { env, stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  child.stdout.pipe(process.stdout, { end: false });
  const failed = once(child, "exit").then(() => Promise.reject(new Error(`${words.join(" ")} has ended.`)));
  await Promise.race([once(child.stdout, "data"), failed]);
  failed.catch(() => stop());
}

function stop(): void {
  for (const child of children) child.kill();
}

try {
  await start(taskwright, "qstash-dev", "--port", qstashPort);
  await start(join(import.meta.dirname, "main.ts"));

  const enqueued = await fetch(`${app}/greetings?name=Ada`, { method: "POST" });
  const { id } = (await enqueued.json()) as { id: string };
  console.log(`Enqueued the task ${id}`);
  const greeting = await fetch(`${app}/greetings/${id}`);
  console.log(`Its result: ${await greeting.text()}`);

  if (!process.argv.includes("--once")) {
    console.log(
      `\nTry: curl -X POST "${app}/greetings?name=Grace". The report comes each minute. Ctrl-C ends all.`,
    );
    await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  stop();
}
