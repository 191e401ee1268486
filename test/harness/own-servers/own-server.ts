import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chownSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Account, accountFor } from "./account.ts";

/** How long a server may take until it answers, and each program that prepares it until it ends. */
const PATIENCE_MS = 60_000;
const REMOVAL_PATIENCE_MS = 5_000;
const LOOK_AGAIN_MS = 50;
const SHOWN_LOG_LINES = 5;

/** One way to get a server: programs of this machine, and how to use them. */
export interface Recipe {
  /** Where the programs come from, for people: `/usr/lib/postgresql/15/bin`. */
  readonly source: string;
  /** Who runs it where this process is root; the first that exists. */
  readonly accounts: readonly string[];
  /** Makes an empty database. */
  readonly prepare: (place: Place) => Promise<Launch>;
}

/** What a {@link Recipe} has to work with. */
export interface Place {
  /** Empty, of the account that runs the server, and removed at the end. */
  readonly folder: string;
  /** Was free a moment ago, on 127.0.0.1. */
  readonly port: number;
  readonly account: Account | null;
  /** Runs a program to its end, as the server will be run; rejects with what it said if it fails. */
  readonly run: (program: string, args: readonly string[]) => Promise<void>;
}

/** How to start a server that has been prepared. */
export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  readonly url: string;
  /** Resolves once it answers a query. */
  readonly ask: () => Promise<unknown>;
  /** Ends it at once: nothing of it is kept. */
  readonly endSignal: NodeJS.Signals;
}

/** A server on a free port, with its data in a temporary folder; ends with the process that started it at the latest. */
export class OwnServer {
  /** Where its programs come from, for people. */
  readonly source: string;
  readonly #folder: string;
  readonly #account: Account | null;
  readonly #patienceMs: number;
  #launch: Launch | null = null;
  #process: ChildProcess | null = null;

  private constructor(recipe: Recipe, patienceMs: number) {
    this.source = recipe.source;
    this.#patienceMs = patienceMs;
    this.#account = accountFor(recipe.accounts);
    this.#folder = mkdtempSync(join(realpathSync(tmpdir()), "taskwright-server-"));
    process.once("exit", this.#abandon);
    // Vitest ends its workers by this signal, which alone would pass over the exit.
    if (process.listenerCount("SIGTERM") === 0) process.once("SIGTERM", () => process.exit(143));
  }

  /** Starts a server, and waits until it answers; rejects with the reason if it does not, and leaves nothing behind. */
  static async start(recipe: Recipe, patienceMs = PATIENCE_MS): Promise<OwnServer> {
    const server = new OwnServer(recipe, patienceMs);
    try {
      await server.#prepare(recipe);
      await server.start();
      return server;
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  get url(): string {
    return this.#prepared().url;
  }

  get processId(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts it again after {@link stop}, on the same port with the same data, and waits until it answers. */
  async start(): Promise<void> {
    const running = this.#process;
    if (running !== null && this.#endOf(running) === null) throw new Error("The server runs already.");
    const { program, args, ask } = this.#prepared();
    const child = this.#spawn(program, args);
    const giveUp = AbortSignal.timeout(this.#patienceMs);
    const givenUp = new Promise<null>((resolve) => giveUp.addEventListener("abort", () => resolve(null)));
    for (;;) {
      // Not the answer alone: whoever listens on the port might never give one.
      const answer = await Promise.race([ask().catch((error: Error) => error), givenUp]);
      const problem = this.#endOf(child);
      if (problem !== null) throw new Error(`${basename(program)} ${problem}${this.#log()}`);
      if (!(answer instanceof Error) && answer !== null) return;
      if (giveUp.aborted) {
        const seconds = this.#patienceMs / 1_000;
        throw new Error(`${basename(program)} does not answer within ${seconds} s${this.#log()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  /** Ends it, and waits until it is gone; its data stay. */
  async stop(signal: NodeJS.Signals = this.#prepared().endSignal): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child?.pid === undefined || this.#endOf(child) !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    const insist = setTimeout(() => child.kill("SIGKILL"), this.#patienceMs);
    await ended;
    clearTimeout(insist);
  }

  /** Ends it, and removes its data. */
  async remove(): Promise<void> {
    await this.stop(this.#launch?.endSignal ?? "SIGKILL");
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
    process.off("exit", this.#abandon);
  }

  /** What is left to do in a process that ends before {@link remove}, where nothing can be awaited. */
  readonly #abandon = (): void => {
    this.#process?.kill(this.#launch?.endSignal ?? "SIGKILL");
    // Again and again, because its processes write there for a moment more.
    const giveUpAt = Date.now() + REMOVAL_PATIENCE_MS;
    while (existsSync(this.#folder) && Date.now() < giveUpAt) {
      try {
        rmSync(this.#folder, { recursive: true, force: true });
      } catch {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_AGAIN_MS);
      }
    }
  };

  async #prepare(recipe: Recipe): Promise<void> {
    const account = this.#account;
    if (account !== null) chownSync(this.#folder, account.uid, account.gid);
    const run: Place["run"] = async (program, args) => {
      const child = this.#spawn(program, args);
      const timer = setTimeout(() => child.kill("SIGKILL"), this.#patienceMs);
      // Rejects when the program cannot even be started; #endOf() then tells why.
      await once(child, "exit").catch(() => {});
      clearTimeout(timer);
      this.#process = null;
      if (child.exitCode !== 0) throw new Error(`${basename(program)} ${this.#endOf(child)}${this.#log()}`);
    };
    const place = { folder: this.#folder, port: await freePort(), account, run };
    this.#launch = await recipe.prepare(place);
  }

  #prepared(): Launch {
    if (this.#launch === null) throw new Error("The server has not been prepared.");
    return this.#launch;
  }

  #spawn(program: string, args: readonly string[]): ChildProcess {
    const log = openSync(this.#logFile(), "w");
    const options: SpawnOptions = {
      cwd: this.#folder,
      // Messages that can be searched for, and a home and a place for temporary files that the account may use.
      env: { ...process.env, LC_ALL: "C", HOME: this.#folder, TMPDIR: this.#folder },
      stdio: ["ignore", log, log],
      ...this.#account,
    };
    const child = spawn(program, args, options);
    closeSync(log);
    child.on("error", (error) => failures.set(child, error));
    this.#process = child;
    return child;
  }

  /** How a process ended, as what follows its name; null while it runs. */
  #endOf(child: ChildProcess): string | null {
    const failure = failures.get(child);
    if (failure !== undefined) return `cannot be started: ${failure.message}`;
    if (child.exitCode !== null) return `ended with code ${child.exitCode}`;
    return child.signalCode === null ? null : `was ended by ${child.signalCode}`;
  }

  #logFile(): string {
    return join(this.#folder, "log");
  }

  /** The end of what the last program said, as what follows a message. */
  #log(): string {
    const lines = readFileSync(this.#logFile(), "utf8").trim().split("\n");
    const shown = lines.slice(-SHOWN_LOG_LINES).map((line) => line.trim());
    return shown.join("") === "" ? "" : `: ${shown.join(" / ")}`;
  }
}

/** Why a program could not be started. */
const failures = new WeakMap<ChildProcess, Error>();

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
