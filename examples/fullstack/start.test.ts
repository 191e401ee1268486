// Starts the example as a user does, on free ports and with a database of the test's own.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { freeRestartPort } from "../../test/harness/own-servers/restart-port.ts";

const vite = fileURLToPath(new URL("../../bin/vite.js", import.meta.resolve("vite")));

/** Runs a program of the example's folder. */
function run(environment: NodeJS.ProcessEnv, ...words: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, words, {
    cwd: import.meta.dirname,
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function environment(): Promise<NodeJS.ProcessEnv & { PORT: string }> {
  const folder = mkdtempSync(join(tmpdir(), "fullstack-start-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return {
    ...process.env,
    PORT: String(await freeRestartPort()),
    DATABASE_FILE: join(folder, "tasks.db"),
    NO_COLOR: "1",
  };
}

/** Resolves when a program has printed a text; reads on after that, so that it can print more. */
function prints(child: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let printed = "";
    child.stdout?.on("data", (part) => {
      printed += part;
      if (printed.includes(text)) resolve();
    });
    child.once("exit", () => reject(new Error(`It has ended without "${text}"; it said: ${printed}`)));
  });
}

/** What a page and its API answer. */
async function answers(port: string, ...more: readonly string[]): Promise<readonly string[]> {
  const url = `http://localhost:${port}`;
  const paths = ["/", "/api/trpc/user", ...more];
  return Promise.all(paths.map(async (path) => (await fetch(url + path)).text()));
}

test("npm start builds the page, serves it beside the app, and ends when it is told to", async () => {
  const env = await environment();
  expect(await once(run(env, vite, "build"), "exit")).toEqual([0, null]);
  const child = run(env, "main.ts");
  await prints(child, `Open http://localhost:${env.PORT}`);
  const [page, user] = await answers(env.PORT);
  expect(page).toMatch(/<script type="module" crossorigin src="\/assets\/[\w-]+\.js">/);
  expect(user).toBe('{"result":{"data":null}}');
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("npm run dev serves the sources of the page, and passes calls on to the app", async () => {
  const env = await environment();
  const child = run(env, "dev.ts");
  await prints(child, `:${env.PORT}/`);
  const [page, user, source] = await answers(env.PORT, "/api.ts");
  expect(page).toContain("/@vite/client");
  expect(source).toContain("createTaskClient");
  expect(user).toBe('{"result":{"data":null}}');
  child.kill("SIGINT");
  expect(await once(child, "exit")).toEqual([0, null]);
});
