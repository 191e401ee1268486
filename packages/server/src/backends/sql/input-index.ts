import type { IndexAnswer, IndexRequest } from "../../backend/index.ts";
import { inputHashes } from "../inputs/leaf-hash.ts";

/** How many task results are taken in at once: their leaves are made without a pause, and their inputs may be large. */
const LARGEST_STEP = 1_000;
const SMALLEST_STEP = 20;
const STEP_CHARACTERS = 4_000_000;
/** How often, and after how long, transactions are looked at again that were storing; the next round goes on waiting. */
const LOOKS = 3;
const LOOK_PAUSE_MS = 20;

/** How far the index is, and who wants it. */
export interface InputIndexState {
  /** Whether a list has asked for it since the last round. */
  readonly isAsked: boolean;
  readonly keptUntil: number;
  /** The last row that is in it; 0 when it is not in use. */
  readonly indexedTo: number;
  /** How far an earlier round has chosen to go, or null. */
  readonly nextEnd: number | null;
  readonly hasLeaves: boolean;
  /** Whether there are rows after those that are in it. */
  readonly hasNew: boolean;
}

/** A task result, as the index takes it in. */
export interface IndexedTask {
  readonly seq: number;
  readonly path: string;
  readonly input: string | null;
  readonly codec: string;
}

/** A leaf of the row `s`, by its hash. */
export interface StoredLeaf {
  readonly h: number;
  readonly s: number;
}

/** What comes into the index at once, which moves from one row's number to another's. */
export interface IndexStep {
  /** In the order of the index, of which fewer pages are then touched. */
  readonly leaves: readonly StoredLeaf[];
  readonly paths: readonly string[];
  readonly from: number;
  readonly to: number;
}

/** The index of inputs as a dialect keeps it. */
export interface InputIndexStore {
  /** Null where the row is missing that tells. */
  state(): Promise<InputIndexState | null>;
  /** Notes that a list has use for it. */
  ask(): Promise<void>;
  /** Takes note of who has asked: it is kept until a time. */
  keep(until: number): Promise<void>;
  /** Ends its use, unless it is asked for; leaves what is there to later rounds, as a list may still be reading it. */
  reset(): Promise<void>;
  /** Chooses how far to go next, and notes who is storing at that time. */
  chooseEnd(): Promise<number>;
  /**
   * Whether everything up to the chosen end that will ever be there can be seen.
   *
   * Numbers are given before commits, so below the highest that is seen there may be some that are not yet.
   */
  isSettled(end: number): Promise<boolean>;
  /** Reads in the order of rows, from after one number up to another. */
  read(from: number, to: number, count: number): Promise<readonly IndexedTask[]>;
  /** Takes a step unless another process has; gives whether it did. */
  store(step: IndexStep): Promise<boolean>;
  /** Removes leaves of task results that went while they were being taken in, so many at the most. */
  dropOrphans(limit: number): Promise<void>;
  /** Removes so many leaves at the most, unless the index is wanted again; gives how many. */
  drop(limit: number): Promise<number>;
  /** The tasks' paths that are in it, so many at the most. */
  paths(limit: number): Promise<readonly string[]>;
  /** Counts what some hashes find, up to a number. */
  size(hashes: readonly number[], limit: number): Promise<number>;
}

function nextStep(tasks: readonly IndexedTask[]): number {
  const characters = tasks.reduce((sum, { input }) => sum + (input?.length ?? 0), 0);
  const perRow = Math.max(1, characters / Math.max(1, tasks.length));
  return Math.max(SMALLEST_STEP, Math.min(LARGEST_STEP, Math.floor(STEP_CHARACTERS / perRow)));
}

function leavesOf(tasks: readonly IndexedTask[]): readonly StoredLeaf[] {
  const leaves = tasks.flatMap((task) => inputHashes(task).map((h) => ({ h, s: task.seq })));
  return leaves.sort((left, right) => left.h - right.h);
}

async function isSettled(store: InputIndexStore, end: number): Promise<boolean> {
  for (let looks = 1; ; looks++) {
    if (await store.isSettled(end)) return true;
    if (looks >= LOOKS) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_PAUSE_MS));
  }
}

async function grow(
  store: InputIndexStore,
  { indexedTo, nextEnd }: InputIndexState,
  limit: number,
): Promise<{ readonly indexed: number; readonly more: boolean }> {
  const end = nextEnd === null || nextEnd <= indexedTo ? await store.chooseEnd() : nextEnd;
  if (end <= indexedTo || !(await isSettled(store, end))) return { indexed: 0, more: false };
  let from = indexedTo;
  let indexed = 0;
  let step = SMALLEST_STEP;
  while (from < end && indexed < limit) {
    const count = Math.min(step, limit - indexed);
    const tasks = await store.read(from, end, count);
    const to = tasks.length < count ? end : (tasks.at(-1)?.seq ?? end);
    const paths = [...new Set(tasks.map(({ path }) => path))];
    // Another process does the same; one of them is enough.
    if (!(await store.store({ leaves: leavesOf(tasks), paths, from, to }))) return { indexed, more: false };
    indexed += tasks.length;
    from = to;
    step = nextStep(tasks);
  }
  return { indexed, more: from < end };
}

/** Brings the index of inputs up to date, or takes it down. */
export async function maintainInputIndex(
  store: InputIndexStore,
  { limit, keepFor, now }: IndexRequest,
): Promise<IndexAnswer> {
  const state = await store.state();
  if (state === null) return { isWanted: false, indexed: 0, more: false };
  if (state.isAsked) await store.keep(now + keepFor);
  else if (state.keptUntil <= now) {
    if (state.indexedTo > 0) await store.reset();
    else if (state.hasLeaves) {
      return { isWanted: false, indexed: 0, more: (await store.drop(limit)) >= limit };
    }
    return { isWanted: false, indexed: 0, more: false };
  }
  if (!state.hasNew) return { isWanted: true, indexed: 0, more: false };
  const grown = await grow(store, state, limit);
  if (grown.indexed > 0 && !grown.more) await store.dropOrphans(limit);
  return { isWanted: true, ...grown };
}
