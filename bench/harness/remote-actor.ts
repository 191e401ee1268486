import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type {
  ActorAnswer,
  ActorOperations,
  ActorRequest,
  ActorStart,
  OperationName,
} from "./actor-operations.ts";

const ACTOR_FILE = fileURLToPath(new URL("actor-process.ts", import.meta.url));
const CLOSE_WITHIN_MS = 10_000;

interface Pending {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

const alive = new Set<ChildProcess>();

/** Ends every child at once; for exits that cannot wait. */
export function killActors(): void {
  for (const child of alive) child.kill("SIGKILL");
}

/** A child process that does what it is told to do with one store. */
export class RemoteActor {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  readonly #exited: Promise<void>;
  #serial = 0;
  #failure: Error | null = null;

  private constructor(start: ActorStart) {
    this.#child = fork(ACTOR_FILE, [JSON.stringify(start)], {
      // A type-stripped file needs no flags; --expose-gc makes memory comparable.
      execArgv: ["--expose-gc", "--no-warnings"],
      serialization: "advanced",
    });
    alive.add(this.#child);
    this.#child.on("message", (message: ActorAnswer) => this.#receive(message));
    this.#child.on("error", (error) => this.#fail(error));
    this.#exited = new Promise((resolve) => {
      this.#child.once("exit", (code, signal) => {
        alive.delete(this.#child);
        this.#fail(new Error(`The process of ${start.subject} ended by ${signal ?? `exit code ${code}`}.`));
        resolve();
      });
    });
  }

  /** Starts a process; resolves when it has opened its store. */
  static async start(start: ActorStart): Promise<RemoteActor> {
    const actor = new RemoteActor(start);
    await actor.#answerTo(0);
    return actor;
  }

  /** Has the child do something. */
  call<TName extends OperationName>(
    operation: TName,
    request: Parameters<ActorOperations[TName]>[0],
  ): ReturnType<ActorOperations[TName]> {
    const serial = ++this.#serial;
    const answer = this.#answerTo(serial);
    if (this.#failure === null) {
      const message: ActorRequest = { serial, operation, request };
      this.#child.send(message);
    }
    return answer as ReturnType<ActorOperations[TName]>;
  }

  /** Closes the child's store and ends it, by force if it takes long. */
  async end(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), CLOSE_WITHIN_MS);
    try {
      await this.call("close", {});
    } catch {
      // It is ended in any case.
    }
    this.#child.kill("SIGKILL");
    await this.#exited;
    clearTimeout(timer);
  }

  #answerTo(serial: number): Promise<unknown> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#pending.set(serial, { resolve, reject });
    });
  }

  #receive({ serial, answer, error }: ActorAnswer): void {
    const pending = this.#pending.get(serial);
    this.#pending.delete(serial);
    if (error === undefined) pending?.resolve(answer);
    else pending?.reject(new Error(error));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}
