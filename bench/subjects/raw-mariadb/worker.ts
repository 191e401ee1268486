import { randomInt } from "node:crypto";
import { pause } from "../../harness/clock.ts";
import type { NoteRun } from "../../harness/subject.ts";
import { type BenchInput, benchOutput } from "../contract.ts";
import type { ClaimedRow, Completed, RawDatabase } from "./database.ts";

const LARGEST_CLAIM = 1_000;
/** One claims while the other's batch runs and is completed. */
const LOOPS = 2;
/** How often to look when there is nothing: the server can tell nobody of what others do. */
const LOOK_EVERY_MS = 50;

function runAll(token: number, claimed: readonly ClaimedRow[], noteRun: NoteRun): Completed {
  const outputs = claimed.map(([seq, text]): [number, string] => {
    const input = JSON.parse(text) as BenchInput;
    noteRun(input);
    return [seq, JSON.stringify(benchOutput(input))];
  });
  return { token, outputs };
}

/** Claims, runs and completes; answers how many. */
async function runBatch(database: RawDatabase, noteRun: NoteRun): Promise<number> {
  const token = randomInt(2 ** 47);
  const claimed = await database.claim(token, LARGEST_CLAIM);
  if (claimed.length > 0) await database.complete(runAll(token, claimed, noteRun));
  return claimed.length;
}

/** Runs what waits, in overlapping loops, until nothing does. */
export async function drainRaw(database: RawDatabase, noteRun: NoteRun): Promise<void> {
  const loop = async () => {
    while ((await runBatch(database, noteRun)) > 0);
  };
  await Promise.all(Array.from({ length: LOOPS }, loop));
}

/** Runs what comes; looks again and again when there is nothing. */
export class RawWorker {
  readonly #running: Promise<void>;
  #isStopping = false;

  constructor(database: RawDatabase, noteRun: NoteRun) {
    this.#running = this.#run(database, noteRun);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
  }

  async #run(database: RawDatabase, noteRun: NoteRun): Promise<void> {
    while (!this.#isStopping) {
      const ran = await runBatch(database, noteRun);
      // A batch that is full says that more waits.
      if (ran === LARGEST_CLAIM) await drainRaw(database, noteRun);
      else if (ran === 0) await pause(LOOK_EVERY_MS);
    }
  }
}
