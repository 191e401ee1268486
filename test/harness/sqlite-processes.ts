import { ForkedProcess } from "./forked-process.ts";
import type { SqliteProcessMessage, SqliteProcessRequest } from "./sqlite-process.ts";

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Another process that has the same SQLite file open, or is in its way. */
export class SqliteProcess implements AsyncDisposable {
  readonly #process: ForkedProcess<SqliteProcessMessage>;
  readonly #waiting = new Map<number, Waiting>();
  readonly acknowledged: string[] = [];
  #requests = 0;

  constructor() {
    this.#process = new ForkedProcess<SqliteProcessMessage>(new URL("./sqlite-process.ts", import.meta.url), {
      message: (message) => this.#receive(message),
      end: () => {
        for (const { reject } of this.#waiting.values()) reject(new Error("The process has ended."));
      },
    });
  }

  /** Sends a request and waits for its answer; rejects with `CODE: message` when it failed there. */
  ask(request: SqliteProcessRequest): Promise<unknown> {
    const about = ++this.#requests;
    return new Promise((resolve, reject) => {
      this.#waiting.set(about, { resolve, reject });
      this.#process.send({ about, request });
    });
  }

  /** Waits until what the process has told so far is enough. */
  until(isEnough: (process: this) => boolean): Promise<void> {
    return this.#process.until(() => isEnough(this));
  }

  /** Ends the process as a crash would. */
  async kill(): Promise<void> {
    this.#waiting.clear();
    await this.#process.kill();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  #receive(message: SqliteProcessMessage): void {
    if ("acknowledged" in message) {
      this.acknowledged.push(message.acknowledged);
      return;
    }
    const waiting = this.#waiting.get(message.about);
    this.#waiting.delete(message.about);
    if ("answer" in message) waiting?.resolve(message.answer);
    else waiting?.reject(new Error(`${message.failure.code}: ${message.failure.message}`));
  }
}
