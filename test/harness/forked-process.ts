import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const PATIENCE_MS = 20_000;

/** A process of its own that runs one program of the tests and talks to this one by messages. */
export class ForkedProcess<Message> implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #listeners = new Set<() => void>();

  constructor(program: URL, handle: { message: (message: Message) => void; end: () => void }) {
    this.#child = fork(fileURLToPath(program), {
      serialization: "advanced",
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#child.on("message", (message) => {
      handle.message(message as Message);
      for (const listener of [...this.#listeners]) listener();
    });
    this.#child.on("exit", handle.end);
  }

  send(message: object): void {
    this.#child.send(message);
  }

  /** Waits until the messages so far are enough; rejects when that takes too long or the process ends. */
  async until(isEnough: () => boolean, patienceMs: number = PATIENCE_MS): Promise<void> {
    if (isEnough()) return;
    await new Promise<void>((resolve, reject) => {
      const patience = setTimeout(() => end(`It took longer than ${patienceMs} ms.`), patienceMs);
      const ended = () => end("The process has ended.");
      const listener = () => {
        if (isEnough()) end(null);
      };
      const end = (problem: string | null) => {
        clearTimeout(patience);
        this.#child.off("exit", ended);
        this.#listeners.delete(listener);
        if (problem === null) resolve();
        else reject(new Error(problem));
      };
      this.#child.once("exit", ended);
      this.#listeners.add(listener);
    });
  }

  /** Ends the process without warning, as a crash would, and waits until it is gone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
