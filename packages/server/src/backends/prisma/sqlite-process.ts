import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { TaskError } from "@taskwright/shared";
import type { StopWatching } from "../../backend/index.ts";
import type { ResolvedSqliteOptions } from "../sqlite/options.ts";
import {
  fromSent,
  mapFailures,
  type SentError,
  type SqliteAnswer,
  type SqliteCall,
  type SqliteNews,
  type SqliteRequest,
  type WatchName,
} from "./sqlite-messages.ts";

const EXTENSION = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
const MAIN = fileURLToPath(new URL(`./sqlite-process-main${EXTENSION}`, import.meta.url));

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: TaskError) => void;
}

interface Watch {
  readonly name: WatchName;
  readonly request: unknown;
  readonly wake: () => void;
}

/**
 * A process of its own for a SQLite file that this process has open through another library.
 *
 * SQLite's locks on a file belong to the process (POSIX), and only connections of one copy of SQLite know of one another.
 * Prisma's adapters bring copies of their own: beside one of them, Node's SQLite would get the write lock while the other
 * holds it, and take away all of its locks when it closes; either loses commits. Between processes the locks hold.
 *
 * It starts at the first call and ends with {@link end}, or when this process does.
 */
export class SqliteProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #watches = new Map<number, Watch>();
  readonly #ended: Promise<void>;
  #calls: SqliteCall[] = [];
  #count = 0;
  #isGone = false;
  #isEnding = false;

  /** @param onGone is told when the process ends without having been asked to */
  constructor(options: ResolvedSqliteOptions, onGone: () => void) {
    this.#child = fork(MAIN, [], {
      execArgv: ["--disable-warning=ExperimentalWarning"],
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        if (this.#isGone) return;
        this.#isGone = true;
        onGone();
        for (const { reject } of this.#waiting.values()) reject(this.#lost());
        this.#waiting.clear();
        resolve();
      };
      this.#child.once("exit", end);
      // It could not be started, or a message could not be sent.
      this.#child.on("error", end);
    });
    this.#child.on("message", (news: SqliteNews) => this.#hear(news));
    this.#send({ kind: "file", options });
    // Only who waits for an answer keeps this process from ending.
    this.#child.unref();
    this.#child.channel?.unref();
  }

  /** Runs an operation of the backend there; those asked for in one turn arrive in one. */
  call(facet: SqliteCall["facet"], operation: string, request: unknown): Promise<unknown> {
    if (this.#isGone) return Promise.reject(this.#lost());
    const about = ++this.#count;
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.#child.channel?.ref();
      this.#waiting.set(about, { resolve, reject });
      this.#calls.push({ about, facet, operation, request });
      if (this.#calls.length > 1) return;
      queueMicrotask(() => {
        this.#send({ kind: "calls", calls: this.#calls });
        this.#calls = [];
      });
    });
  }

  /** Watches there; wakes here. */
  watch(watch: Watch): StopWatching {
    const id = ++this.#count;
    this.#watches.set(id, watch);
    this.#send({ kind: "watch", watch: id, name: watch.name, request: watch.request });
    return () => {
      if (this.#watches.delete(id)) this.#send({ kind: "unwatch", watch: id });
    };
  }

  /** Ends the process; resolves when it has let go of the file. */
  async end(): Promise<void> {
    this.#isEnding = true;
    if (this.#isGone) return;
    this.#watches.clear();
    this.#child.ref();
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
  }

  #send(request: SqliteRequest): void {
    // A failure to send is told by the end of the process.
    if (!this.#isGone && this.#child.connected) this.#child.send(request, () => {});
  }

  #hear(news: SqliteNews): void {
    if (news.kind === "woken") this.#watches.get(news.watch)?.wake();
    else for (const answer of news.answers) this.#settle(answer);
  }

  #settle(answer: SqliteAnswer): void {
    const waiting = this.#waiting.get(answer.about);
    this.#waiting.delete(answer.about);
    if (this.#waiting.size === 0) this.#child.channel?.unref();
    if ("failure" in answer) waiting?.reject(fromSent(answer.failure));
    else waiting?.resolve(mapFailures(answer.answer, (error) => fromSent(error as SentError)));
  }

  #lost(): TaskError {
    if (this.#isEnding) return new TaskError({ code: "CLOSED", message: "The backend was closed." });
    const { exitCode, signalCode } = this.#child;
    return new TaskError({
      code: "BACKEND_UNAVAILABLE",
      message: `The process that keeps the connection to the SQLite file ended (${signalCode ?? exitCode ?? "not started"}); what was under way may have been done all the same. Another one starts with the next operation.`,
    });
  }
}
