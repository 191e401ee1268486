import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { generateClient } from "../harness/prisma/generated-client.ts";

await generateClient("sqlite");

/** Opens a backend, says which process it has started, and then does what it is told to. */
function programThat(does: string): string {
  return `
  import { execFileSync } from "node:child_process";
  import { prismaBackend } from ${JSON.stringify(import.meta.resolve("@taskwright/server/prisma"))};
  import { prismaOnSqlite } from ${JSON.stringify(new URL("../harness/prisma/generated-client.ts", import.meta.url).href)};
  const backend = prismaBackend(await prismaOnSqlite(process.argv[1]));
  await backend.schema.migrate();
  await backend.open();
  backend.wakeups.watchReady({ queues: "all", wake: () => {} });
  const table = execFileSync("ps", ["-A", "-o", "pid=,ppid=,command="], { encoding: "utf8" });
  const line = table.split("\\n").find((line) => {
    const [, parent, command] = line.trim().split(/\\s+/);
    return Number(parent) === process.pid && command !== "ps";
  });
  ${does}
  console.log(line.trim().split(" ")[0]);`;
}

/** Runs a program; gives the id of the process of its file, and how the program itself ended. */
async function run(does: string, meanwhile: (program: number, child: number) => void) {
  const folder = mkdtempSync(join(tmpdir(), "taskwright-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = spawn(
    process.execPath,
    ["--no-warnings", "--input-type=module", "-e", programThat(does), join(folder, "app.db")],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  onTestFinished(() => void program.kill("SIGKILL"));
  const ended = new Promise<number | string | null>((resolve) => {
    program.once("exit", (code, signal) => resolve(code ?? signal));
  });
  const child = await new Promise<number>((resolve) => {
    program.stdout.once("data", (text) => resolve(Number(String(text).trim())));
  });
  expect(child).toBeGreaterThan(0);
  if (program.pid === undefined) throw new Error("The program has not started.");
  meanwhile(program.pid, child);
  return { end: await ended, child };
}

async function isGone(pid: number): Promise<void> {
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"), { timeout: 10_000 });
}

test("a program that forgets to close the backend ends all the same, and its process with it", async () => {
  const { end, child } = await run("", () => {});
  expect(end).toBe(0);
  await isGone(child);
});

test("the process ends with a program that is killed", async () => {
  const { end, child } = await run("setInterval(() => {}, 1_000);", (program) =>
    process.kill(program, "SIGKILL"),
  );
  expect(end).toBe("SIGKILL");
  await isGone(child);
});

test("the process stays for the program's own orderly end when a terminal interrupts both", async () => {
  const { end, child } = await run(
    `process.once("SIGINT", async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const [record] = await backend.store.get({ ids: ["none"] });
      await backend.close();
      process.exit(record === null ? 7 : 1);
    });
    setInterval(() => {}, 1_000);`,
    (program, child) => {
      process.kill(child, "SIGINT");
      process.kill(program, "SIGINT");
    },
  );
  expect(end).toBe(7);
  await isGone(child);
});
