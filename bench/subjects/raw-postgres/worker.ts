import { randomInt } from "node:crypto";
import pg from "pg";
import type { NoteRun } from "../../harness/subject.ts";
import { type BenchInput, benchOutput } from "../contract.ts";
import type { ClaimedRow, Completed, RawDatabase } from "./database.ts";

const LARGEST_CLAIM = 1_000;
/** One claims while the other's batch runs and is completed. */
const LOOPS = 2;
/** How often to look when nothing wakes. */
const LOOK_EVERY_MS = 5_000;

/** Runs until `next` answers that there is no more to be awaited. */
async function loop(
  database: RawDatabase,
  noteRun: NoteRun,
  isEnding: (claimed: number) => Promise<boolean>,
): Promise<void> {
  for (;;) {
    const token = randomInt(2 ** 47);
    const claimed = await database.claim(token, LARGEST_CLAIM);
    if (claimed.length > 0) await database.complete(runAll(token, claimed, noteRun));
    if (await isEnding(claimed.length)) return;
  }
}

/** Runs what waits until nothing does. */
export async function drainRaw(database: RawDatabase, noteRun: NoteRun): Promise<void> {
  const loops = Array.from({ length: LOOPS }, () =>
    loop(database, noteRun, async (claimed) => claimed === 0),
  );
  await Promise.all(loops);
}

/** Claims, runs and completes in overlapping loops; sleeps until it is told when there is nothing. */
export class RawWorker {
  readonly #database: RawDatabase;
  readonly #noteRun: NoteRun;
  readonly #listener: pg.Client;
  #wake: (() => void) | null = null;
  #isStopping = false;
  #running: Promise<void> = Promise.resolve();

  constructor(database: RawDatabase, url: string, noteRun: NoteRun) {
    this.#database = database;
    this.#noteRun = noteRun;
    this.#listener = new pg.Client({ connectionString: url });
    this.#listener.on("notification", () => this.#wake?.());
  }

  async start(): Promise<void> {
    await this.#listener.connect();
    await this.#listener.query(`LISTEN ${this.#database.schema}`);
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#wake?.();
    await this.#running;
    await this.#listener.end();
  }

  async #run(): Promise<void> {
    let isIdle = false;
    while (!this.#isStopping) {
      let ran = 0;
      const loops = Array.from({ length: isIdle ? 1 : LOOPS }, () =>
        loop(this.#database, this.#noteRun, async (claimed) => {
          ran += claimed;
          return claimed === 0 || this.#isStopping || (isIdle && claimed < LARGEST_CLAIM);
        }),
      );
      const woken = this.#woken();
      await Promise.all(loops);
      if (ran >= LARGEST_CLAIM && isIdle) {
        await this.#database.setIdle(false);
        isIdle = false;
      } else if (ran === 0 && !isIdle) {
        // Whoever enqueued before this was known told nobody, so the next turn looks again.
        await this.#database.setIdle(true);
        isIdle = true;
      } else if (ran === 0) await woken;
      this.#wake?.();
    }
  }

  /** Resolves with the first notice after now, or when it is time to look. */
  #woken(): Promise<void> {
    return new Promise((resolve) => {
      const awake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
      const timer = setTimeout(awake, LOOK_EVERY_MS);
      this.#wake = awake;
    });
  }
}

function runAll(token: number, claimed: readonly ClaimedRow[], noteRun: NoteRun): Completed {
  const outputs = claimed.map(([, text]) => {
    const input = JSON.parse(text) as BenchInput;
    noteRun(input);
    return JSON.stringify(benchOutput(input));
  });
  return { token, seqs: claimed.map(([seq]) => seq), outputs };
}
