import { randomInt } from "node:crypto";
import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";
import type { NoteRun } from "../../harness/subject.ts";
import { type BenchInput, benchOutput } from "../contract.ts";
import type { ClaimedRow, Completed, RawDatabase } from "./database.ts";

const LARGEST_CLAIM = 1_000;
/** How often to look when nothing wakes. */
const LOOK_EVERY_MS = 1_000;

/** Claims, runs and completes in turns, one transaction a turn; sleeps until the WAL is written when there is nothing. */
export class RawWorker {
  readonly #database: RawDatabase;
  readonly #noteRun: NoteRun;
  readonly #watcher: FSWatcher;
  #wake: (() => void) | null = null;
  #isStopping = false;
  #running: Promise<void> = Promise.resolve();

  constructor(database: RawDatabase, file: string, noteRun: NoteRun) {
    this.#database = database;
    this.#noteRun = noteRun;
    const wal = `${basename(file)}-wal`;
    this.#watcher = watch(dirname(file), (_event, name) => {
      if (name === wal) this.#wake?.();
    });
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#wake?.();
    await this.#running;
    this.#watcher.close();
  }

  async #run(): Promise<void> {
    let done: Completed | null = null;
    while (!this.#isStopping) {
      const token = newToken();
      const claimed: readonly ClaimedRow[] = this.#database.completeAndClaim(done, {
        token,
        limit: LARGEST_CLAIM,
      });
      done = claimed.length === 0 ? null : { token, rows: runAll(claimed, this.#noteRun) };
      if (done === null) await this.#sleep();
      else await new Promise(setImmediate);
    }
    if (done !== null) this.#database.completeAndClaim(done, { token: 0, limit: 0 });
  }

  #sleep(): Promise<void> {
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

/** Runs what waits until nothing does. */
export function drainRaw(database: RawDatabase, noteRun: NoteRun): void {
  let done: Completed | null = null;
  do {
    const token = newToken();
    const claimed: readonly ClaimedRow[] = database.completeAndClaim(done, { token, limit: LARGEST_CLAIM });
    done = claimed.length === 0 ? null : { token, rows: runAll(claimed, noteRun) };
  } while (done !== null);
}

function newToken(): number {
  return randomInt(2 ** 47);
}

function runAll(
  claimed: readonly ClaimedRow[],
  noteRun: NoteRun,
): readonly (readonly [seq: number, output: string])[] {
  return claimed.map(([seq, text]) => {
    const input = JSON.parse(text) as BenchInput;
    noteRun(input);
    return [seq, JSON.stringify(benchOutput(input))];
  });
}
