import type { Backend } from "@taskwright/server/backend";
import { ForkedProcess } from "../harness/forked-process.ts";
import type { StoreContext, StoreFixture } from "./store-fixture.ts";
import type {
  JournalEntry,
  StoreProcessMessage,
  StoreProcessNews,
  StoreProcessRequest,
} from "./store-process.ts";
import { countWakes, type WakeCounter } from "./wake-counter.ts";

type Operations<Facet extends keyof Backend> = Required<Backend>[Facet];

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Which store a process opens, and how. */
interface StorePlace {
  readonly fixture: Pick<StoreFixture, "processes">;
  readonly context: StoreContext;
}

/** Another process that has the same store open. */
export class StoreProcess implements AsyncDisposable {
  readonly #process: ForkedProcess<StoreProcessMessage>;
  readonly #waiting = new Map<number, Waiting>();
  #requests = 0;
  /** Ids that the process has begun to enqueue, and those that the store has acknowledged. */
  readonly announced: string[] = [];
  readonly acknowledged: string[] = [];
  readonly journal: JournalEntry[] = [];
  readonly #onWoken = new Set<() => void>();

  private constructor() {
    this.#process = new ForkedProcess<StoreProcessMessage>(new URL("./store-process.ts", import.meta.url), {
      message: (message) => this.#receive(message),
      end: () => {
        for (const { reject } of this.#waiting.values()) reject(new Error("The process has ended."));
      },
    });
  }

  /** Starts a process and opens the case's store in it. */
  static async start({ fixture, context }: StorePlace): Promise<StoreProcess> {
    const { processes } = fixture;
    if ("none" in processes) throw new Error(processes.none);
    const started = new StoreProcess();
    await started.ask({ kind: "open", opener: processes.opener, context });
    return started;
  }

  /** Sends a request and waits for its answer. */
  ask(request: StoreProcessRequest): Promise<unknown> {
    const about = ++this.#requests;
    return new Promise((resolve, reject) => {
      this.#waiting.set(about, { resolve, reject });
      this.#process.send({ about, request });
    });
  }

  /** Calls one operation of the store there. */
  call<
    Facet extends "store" | "leases" | "maintenance",
    Name extends keyof Operations<Facet> & string,
    Operation extends Operations<Facet>[Name],
  >(
    facet: Facet,
    operation: Name,
    request: Operation extends (request: infer Request) => unknown ? Request : never,
  ): Promise<Operation extends (request: never) => Promise<infer Answer> ? Answer : never> {
    return this.ask({ kind: "call", facet, operation, request }) as Promise<never>;
  }

  /** Starts a watch there; whatever wakes the process is counted, so that it should have only one. */
  async watch(
    watch: "watchReady" | "watchResult" | "watchCancels",
    request: { queues: readonly string[] | "all" } | { id: string } | { workerId: string },
  ): Promise<WakeCounter> {
    const counter = countWakes((wake) => {
      this.#onWoken.add(wake);
      return () => this.#onWoken.delete(wake);
    });
    await this.ask({ kind: "watch", watch, request });
    return counter;
  }

  /** Waits until what the process has told so far is enough. */
  until(isEnough: (process: this) => boolean, patienceMs?: number): Promise<void> {
    return this.#process.until(() => isEnough(this), patienceMs);
  }

  /** Ends the process as a crash would; what it was asked stays without an answer. */
  async kill(): Promise<void> {
    this.#waiting.clear();
    await this.#process.kill();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  #receive(message: StoreProcessMessage): void {
    if ("news" in message) {
      this.#note(message.news);
      return;
    }
    const waiting = this.#waiting.get(message.about);
    this.#waiting.delete(message.about);
    if ("answer" in message) waiting?.resolve(message.answer);
    else waiting?.reject(new Error(`${message.failure.code}: ${message.failure.message}`));
  }

  #note(news: StoreProcessNews): void {
    if (news.kind === "woken") for (const wake of this.#onWoken) wake();
    else if (news.kind === "settled") this.journal.push(...news.entries);
    else if (news.kind === "announced") this.announced.push(...news.ids);
    else this.acknowledged.push(...news.ids);
  }
}

/** Starts several processes on the case's store at once. */
export function startProcesses(store: StorePlace, count: number): Promise<StoreProcess[]> {
  return Promise.all(Array.from({ length: count }, () => StoreProcess.start(store)));
}

/** Ends processes; for `finally`. */
export async function endProcesses(processes: readonly StoreProcess[]): Promise<void> {
  await Promise.all(processes.map((process) => process.kill()));
}
