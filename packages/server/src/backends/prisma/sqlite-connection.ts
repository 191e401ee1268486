import { TaskError } from "@taskwright/shared";
import type { StopWatching } from "../../backend/index.ts";
import type { ResolvedSqliteOptions } from "../sqlite/options.ts";
import { realFile } from "../sqlite/path-check.ts";
import type { PrismaLike } from "./prisma-client.ts";
import { sqliteFileOf } from "./sqlite-location.ts";
import type { SqliteCall, WatchName } from "./sqlite-messages.ts";
import { SqliteProcess } from "./sqlite-process.ts";

/** As `sqliteBackend` has it, where nobody says otherwise. */
export const LOCK_TIMEOUT_MS = 30_000;

interface Entry {
  readonly name: WatchName;
  readonly request: unknown;
  readonly wake: () => void;
  stop: StopWatching | null;
}

/** Opens and closes the process of a client's file in the order of the calls, and starts another one for one that died. */
export class SqliteConnection {
  readonly #client: PrismaLike;
  readonly #prefix: string;
  readonly #watches = new Set<Entry>();
  #isOpen = false;
  #opening: Promise<void> | null = null;
  #closing: Promise<void> = Promise.resolve();
  #starting: Promise<SqliteProcess> | null = null;
  #process: SqliteProcess | null = null;
  #file: string | null = null;

  constructor(client: PrismaLike, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  /** Throws CLOSED unless it is open. */
  checkOpen(): void {
    if (!this.#isOpen) throw new TaskError({ code: "CLOSED", message: "The backend is not open." });
  }

  /** The client's file, while it is open; throws CLOSED. */
  get file(): string {
    this.checkOpen();
    return this.#file ?? "";
  }

  open(): Promise<void> {
    if (this.#opening !== null) return this.#opening;
    const opening = this.#closing
      .then(() => this.#running())
      .then(
        () => {
          if (this.#opening === opening) this.#isOpen = true;
        },
        (error: unknown) => {
          if (this.#opening === opening) this.#opening = null;
          throw error;
        },
      );
    this.#opening = opening;
    return opening;
  }

  close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = null;
    this.#isOpen = false;
    this.#watches.clear();
    if (opening !== null) {
      // Who opened is told of a failure to open; here it only means that there is nothing to close.
      this.#closing = opening.then(
        () => this.#shut(),
        () => undefined,
      );
    }
    return this.#closing;
  }

  /** Runs an operation on the open file; rejects with CLOSED. */
  async call(facet: SqliteCall["facet"], operation: string, request: unknown): Promise<unknown> {
    this.checkOpen();
    const process = await this.#running();
    return process.call(facet, operation, request);
  }

  /** Runs an operation whether or not the file is open, in a process that ends with it. */
  async callApart(facet: SqliteCall["facet"], operation: string): Promise<unknown> {
    const process = new SqliteProcess(await this.#options(), () => {});
    try {
      return await process.call(facet, operation, undefined);
    } finally {
      await process.end();
    }
  }

  watch(name: WatchName, request: unknown, wake: () => void): StopWatching {
    const entry: Entry = { name, request, wake, stop: null };
    this.#watches.add(entry);
    entry.stop = this.#process?.watch(entry) ?? null;
    return () => {
      if (this.#watches.delete(entry)) entry.stop?.();
    };
  }

  /** Wakes who waits in this process for something to run. */
  wakeReady(): void {
    for (const { name, wake } of [...this.#watches]) if (name === "watchReady") wake();
  }

  async #options(): Promise<ResolvedSqliteOptions> {
    this.#file = realFile(await sqliteFileOf(this.#client));
    return {
      file: this.#file,
      prefix: this.#prefix,
      isShared: true,
      durability: "full",
      lockTimeoutMs: LOCK_TIMEOUT_MS,
    };
  }

  #running(): Promise<SqliteProcess> {
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = null;
      throw error;
    });
    return this.#starting;
  }

  async #start(): Promise<SqliteProcess> {
    const process = new SqliteProcess(await this.#options(), () => {
      if (this.#process !== process) return;
      this.#process = null;
      this.#starting = null;
      // What happened meanwhile was told to nobody: each looks for itself, and with that the next one starts.
      for (const { wake } of [...this.#watches]) wake();
    });
    try {
      await process.call(null, "open", undefined);
    } catch (error) {
      await process.end();
      throw error;
    }
    this.#process = process;
    for (const entry of this.#watches) entry.stop = process.watch(entry);
    return process;
  }

  async #shut(): Promise<void> {
    const process = this.#process;
    this.#process = null;
    this.#starting = null;
    if (process === null) return;
    try {
      await process.call(null, "close", undefined);
    } finally {
      await process.end();
    }
  }
}
