import { randomInt } from "node:crypto";
import type { NoteRun } from "../../harness/subject.ts";
import { type BenchInput, benchOutput } from "../contract.ts";
import type { ClaimedTask, Finished, RawStore } from "./store.ts";

const LARGEST_CLAIM = 500;
/** One claims while the other's batch runs. */
const LOOPS = 2;
const NOTHING: Finished = { token: "", tasks: [], outputs: [] };

/** Runs until nothing waits, or until it is told to stop; answers the largest claim. */
async function loop(store: RawStore, noteRun: NoteRun, isStopping: () => boolean): Promise<number> {
  let finished = NOTHING;
  let largest = 0;
  for (;;) {
    const token = String(randomInt(2 ** 47));
    const claimed = await store.finishAndClaim(finished, token, isStopping() ? 0 : LARGEST_CLAIM);
    if (claimed.length === 0) return largest;
    largest = Math.max(largest, claimed.length);
    finished = runAll(token, claimed, noteRun);
  }
}

/** Runs what waits until nothing does. */
export async function drainRaw(store: RawStore, noteRun: NoteRun): Promise<void> {
  await Promise.all(Array.from({ length: LOOPS }, () => loop(store, noteRun, () => false)));
}

/** Claims, runs and finishes in overlapping loops; waits for a token when there is nothing. */
export class RawWorker {
  readonly #store: RawStore;
  readonly #noteRun: NoteRun;
  readonly #waiter: ReturnType<RawStore["waiter"]>;
  readonly #running: Promise<void>;
  #isStopping = false;

  constructor(store: RawStore, noteRun: NoteRun) {
    this.#store = store;
    this.#noteRun = noteRun;
    this.#waiter = store.waiter();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#waiter.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    let loops = LOOPS;
    while (!this.#isStopping) {
      const largest = await Promise.all(
        Array.from({ length: loops }, () => loop(this.#store, this.#noteRun, () => this.#isStopping)),
      );
      // A second loop would find nothing of the one task that has come.
      loops = Math.max(...largest) === LARGEST_CLAIM ? LOOPS : 1;
      // Closing the connection ends the wait.
      if (!this.#isStopping) await this.#waiter.token().catch(() => undefined);
    }
  }
}

function runAll(token: string, tasks: readonly ClaimedTask[], noteRun: NoteRun): Finished {
  const outputs = tasks.map((task) => {
    const input = JSON.parse(task.input) as BenchInput;
    noteRun(input);
    return JSON.stringify(benchOutput(input));
  });
  return { token, tasks, outputs };
}
