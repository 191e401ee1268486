import { ForkedProcess } from "../harness/forked-process.ts";
import type { OpenedStore } from "./exercise.ts";

/** Another process with a worker on the same store; its `slow` handlers wait to be told to stop. */
export class ServerProcess implements AsyncDisposable {
  readonly #process: ForkedProcess<string>;
  /** What it has told: `ready`, `started ID`, `aborted ID CODE`, `worked ID`. */
  readonly news: string[] = [];

  private constructor() {
    const program = new URL("./server-process.ts", import.meta.url);
    this.#process = new ForkedProcess(program, { message: (news) => this.news.push(news), end: () => {} });
  }

  /** Starts the process and its worker. */
  static async start({ exercise, context }: OpenedStore): Promise<ServerProcess> {
    const { processes } = exercise;
    if ("none" in processes) throw new Error(processes.none);
    const started = new ServerProcess();
    started.#process.send({ opener: processes.opener, context });
    await started.until(({ news }) => news.length > 0);
    if (started.news[0] !== "ready") throw new Error(started.news[0]);
    return started;
  }

  /** Waits until it has told enough. */
  until(isEnough: (process: this) => boolean): Promise<void> {
    return this.#process.until(() => isEnough(this));
  }

  /** Ends it as a crash would. */
  kill(): Promise<void> {
    return this.#process.kill();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
