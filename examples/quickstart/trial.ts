// For the tests: a folder to run the example in, and ways to start it, look at it and kill it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import PostalMime from "postal-mime";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** `await using trial = await Trial.make()`: the folder goes with its processes. */
export class Trial {
  readonly folder: string;
  readonly outbox: string;
  readonly #started: ChildProcess[] = [];

  private constructor(folder: string) {
    this.folder = folder;
    this.outbox = join(folder, "outbox");
  }

  static async make(): Promise<Trial> {
    return new Trial(await mkdtemp(join(tmpdir(), "quickstart-")));
  }

  async writeCsv(text: string): Promise<string> {
    const file = join(this.folder, "contacts.csv");
    await writeFile(file, text);
    return file;
  }

  /** A file of contacts c0@example.com, c1@example.com, … */
  writeRows(count: number): Promise<string> {
    const rows = Array.from({ length: count }, (_, index) => `c${index}@example.com,C,Hi,Text`);
    return this.writeCsv(["email,name,subject,body", ...rows].join("\n"));
  }

  /** Runs start.ts as a user in the folder would. */
  start(file: string, env: NodeJS.ProcessEnv = {}, more: readonly string[] = []): Started {
    const child = spawn(process.execPath, [join(import.meta.dirname, "start.ts"), file, ...more], {
      env: { ...process.env, INIT_CWD: this.folder, QUICKSTART_DIR: this.folder, SMTP_URL: "", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#started.push(child);
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output.stderr += text;
    });
    return { child, ended: once(child, "close").then(([code]) => ({ code, ...output })) };
  }

  run(file: string, env?: NodeJS.ProcessEnv, more?: readonly string[]): Promise<Ended> {
    return this.start(file, env, more).ended;
  }

  async mailFiles(): Promise<readonly string[]> {
    return existsSync(this.outbox) ? await readdir(this.outbox) : [];
  }

  async recipients(): Promise<readonly (string | undefined)[]> {
    const names = await this.mailFiles();
    const mails = names.map(async (name) => PostalMime.parse(await readFile(join(this.outbox, name))));
    return (await Promise.all(mails)).map((mail) => mail.to?.[0]?.address).toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#started) child.kill("SIGKILL");
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

/** The addresses of {@link Trial.writeRows}. */
export function addresses(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `c${index}@example.com`).toSorted();
}

/** Linux only. */
export function workerPidOf({ child }: Started): number {
  const [workerPid] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").split(" ");
  if (!workerPid) throw new Error("There is no worker process.");
  return Number(workerPid);
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(5);
}
