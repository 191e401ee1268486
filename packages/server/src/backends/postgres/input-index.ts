import type { IndexAnswer, IndexRequest } from "../../backend/index.ts";
import { inputHashes } from "../inputs/leaf-hash.ts";
import type { SqlRow } from "../sql/executor.ts";
import type { StoreHandle } from "./opened-store.ts";
import { type InputIndexStatements, inputIndexStatements } from "./statements/input-index.ts";

/** How many task results are taken in at once: their leaves are made without a pause, and their inputs may be large. */
const LARGEST_STEP = 1_000;
const SMALLEST_STEP = 20;
const STEP_CHARACTERS = 4_000_000;
/** How often, and after how long, transactions are looked at again that were storing; the next round goes on waiting. */
const LOOKS = 3;
const LOOK_PAUSE_MS = 20;

function nextStep(rows: readonly SqlRow[]): number {
  const characters = rows.reduce((sum, [, , input]) => sum + ((input as string | null)?.length ?? 0), 0);
  const perRow = Math.max(1, characters / Math.max(1, rows.length));
  return Math.max(SMALLEST_STEP, Math.min(LARGEST_STEP, Math.floor(STEP_CHARACTERS / perRow)));
}

function leavesOf(rows: readonly SqlRow[]): string {
  const leaves = rows.flatMap(([seq, path, input, codec]) => {
    const task = { path: path as string, input: input as string | null, codec: codec as string };
    return inputHashes(task).map((h) => ({ h, s: Number(seq) }));
  });
  // In the order of the index, of which fewer pages are then touched.
  return JSON.stringify(leaves.sort((left, right) => left.h - right.h));
}

/** The index of inputs on PostgreSQL, as the background fills it. */
export class InputIndex {
  readonly #handle: StoreHandle;
  readonly #statements: InputIndexStatements;

  constructor(handle: StoreHandle) {
    this.#handle = handle;
    this.#statements = inputIndexStatements(handle.names);
  }

  /** Brings it up to date, or takes it down. */
  async maintain({ limit, keepFor, now }: IndexRequest): Promise<IndexAnswer> {
    const { state, keep, reset, drop, dropOrphans } = this.#statements;
    const [found] = await this.#handle.rows(state, []);
    if (found === undefined) return { isWanted: false, indexed: 0, more: false };
    const [isAsked, keptUntil, indexedTo, nextEnd, hasLeaves, hasNew] = found;
    if (isAsked === true) await this.#handle.rows(keep, [now + keepFor]);
    else if (Number(keptUntil) <= now) {
      if (Number(indexedTo) > 0) await this.#handle.rows(reset, []);
      else if (hasLeaves === true) {
        const [dropped] = await this.#handle.rows(drop, [limit]);
        return { isWanted: false, indexed: 0, more: Number(dropped?.[0]) >= limit };
      }
      return { isWanted: false, indexed: 0, more: false };
    }
    if (hasNew !== true) return { isWanted: true, indexed: 0, more: false };
    const grown = await this.#grow(Number(indexedTo), nextEnd === null ? null : Number(nextEnd), limit);
    if (grown.indexed > 0 && !grown.more) await this.#handle.rows(dropOrphans, [limit]);
    return { isWanted: true, ...grown };
  }

  /** Whether everything up to the chosen end that will ever be there can be seen. */
  async #isSettled(end: number): Promise<boolean> {
    for (let looks = 1; ; looks++) {
      const [row] = await this.#handle.rows(this.#statements.isSettled, [end]);
      if (row?.[0] === true) return true;
      if (looks >= LOOKS) return false;
      await new Promise((resolve) => setTimeout(resolve, LOOK_PAUSE_MS));
    }
  }

  /** @param chosen how far an earlier round has chosen to go, or null */
  async #grow(
    indexedTo: number,
    chosen: number | null,
    limit: number,
  ): Promise<{ readonly indexed: number; readonly more: boolean }> {
    const { nextEnd, read, store } = this.#statements;
    let end = chosen;
    if (end === null || end <= indexedTo) {
      const [row] = await this.#handle.rows(nextEnd, []);
      end = Number(row?.[0] ?? 0);
    }
    if (end <= indexedTo || !(await this.#isSettled(end))) return { indexed: 0, more: false };
    let from = indexedTo;
    let indexed = 0;
    let step = SMALLEST_STEP;
    while (from < end && indexed < limit) {
      const count = Math.min(step, limit - indexed);
      const rows = await this.#handle.rows(read, [from, end, count]);
      const to = rows.length < count ? end : Number(rows.at(-1)?.[0]);
      const paths = JSON.stringify([...new Set(rows.map(([, path]) => path))]);
      const [stored] = await this.#handle.rows(store, [leavesOf(rows), paths, from, to]);
      // Another process does the same; one of them is enough.
      if (stored?.[0] !== true) return { indexed, more: false };
      indexed += rows.length;
      from = to;
      step = nextStep(rows);
    }
    return { indexed, more: from < end };
  }
}
