import { setImmediate as nextTurn } from "node:timers/promises";
import type { IndexAnswer, IndexRequest } from "../../backend/index.ts";
import { inputHashes } from "../inputs/leaf-hash.ts";
import type { Connection } from "./connection.ts";
import type { StoreHandle } from "./opened-store.ts";

/** What one transaction takes in or removes, so that nobody waits long for the lock. */
const STEP = 500;
const STEP_CHARACTERS = 1_000_000;
const DROP_STEP = 2_000;

const STATE = "SELECT is_asked, kept_until, indexed_to FROM taskwright_input_index";
const ASK = "UPDATE taskwright_input_index SET is_asked = 1 WHERE is_asked = 0";
const KEEP =
  "UPDATE taskwright_input_index SET is_asked = 0, kept_until = max(kept_until, ?) WHERE is_asked = 1";
/** Leaves what is there to later rounds: a list may still be reading it. */
const RESET = "UPDATE taskwright_input_index SET indexed_to = 0 WHERE is_asked = 0";
const NEXT = "SELECT seq, path, input, codec FROM taskwright_task WHERE seq > ? ORDER BY seq LIMIT ?";
const ADD_PATH = "INSERT INTO taskwright_input_path (path) VALUES (?) ON CONFLICT (path) DO NOTHING";
const ADD_LEAF =
  "INSERT INTO taskwright_input_leaf (hash, seq) VALUES (?, ?) ON CONFLICT (hash, seq) DO NOTHING";
const MOVE = "UPDATE taskwright_input_index SET indexed_to = ?";
const DROP = `DELETE FROM taskwright_input_leaf WHERE (hash, seq) IN (
  SELECT hash, seq FROM taskwright_input_leaf LIMIT CASE (SELECT is_asked FROM taskwright_input_index) WHEN 0 THEN ? ELSE 0 END)`;
const FORGET = "DELETE FROM taskwright_input_leaf WHERE seq IN (SELECT value FROM json_each(?))";
/** SQLite gives the numbers of the newest rows again once those are deleted. */
const STEP_BACK = `UPDATE taskwright_input_index SET indexed_to = coalesce((SELECT max(seq) FROM taskwright_task), 0)
  WHERE indexed_to > coalesce((SELECT max(seq) FROM taskwright_task), 0)`;

interface IndexState {
  readonly is_asked: number;
  readonly kept_until: number;
  readonly indexed_to: number;
}

interface IndexedRow {
  readonly seq: number;
  readonly path: string;
  readonly input: string | null;
  readonly codec: string;
}

function stateOf(connection: Connection): IndexState {
  return connection.prepare(STATE).get() as unknown as IndexState;
}

/** How far the index is, and notes that it is of use; 0 when there is none yet. */
export async function useInputIndex(handle: StoreHandle): Promise<number> {
  const { is_asked, indexed_to } = await handle.read(stateOf);
  // A file that cannot be written to now is listed all the same.
  if (is_asked === 0)
    await handle.write((connection) => connection.prepare(ASK).run()).catch(() => undefined);
  return indexed_to;
}

/** Removes deleted task results, a JSON array of numbers, from the index; in the transaction that deletes them. */
export function forgetInputs(connection: Connection, seqs: string): void {
  connection.prepare(FORGET).run(seqs);
  connection.prepare(STEP_BACK).run();
}

/** Takes in what comes next, in one transaction; gives how many, and whether there may be more. */
function takeIn(connection: Connection, limit: number): { readonly count: number; readonly more: boolean } {
  const { indexed_to } = stateOf(connection);
  const rows = connection.prepare(NEXT).iterate(indexed_to, limit) as IterableIterator<unknown>;
  const addLeaf = connection.prepare(ADD_LEAF);
  const paths = new Set<string>();
  const leaves: { readonly hash: number; readonly seq: number }[] = [];
  let last: number | null = null;
  let count = 0;
  let characters = 0;
  let isWhole = true;
  for (const row of rows as IterableIterator<IndexedRow>) {
    paths.add(row.path);
    for (const hash of inputHashes(row)) leaves.push({ hash, seq: row.seq });
    last = row.seq;
    count++;
    characters += row.input?.length ?? 0;
    isWhole = characters < STEP_CHARACTERS;
    if (!isWhole) break;
  }
  for (const path of paths) connection.prepare(ADD_PATH).run(path);
  // In the order of the index, of which fewer pages are then written.
  leaves.sort((left, right) => left.hash - right.hash);
  for (const { hash, seq } of leaves) addLeaf.run(hash, seq);
  if (last !== null) connection.prepare(MOVE).run(last);
  return { count, more: !isWhole || count >= limit };
}

async function takeDown(handle: StoreHandle, limit: number): Promise<IndexAnswer> {
  let dropped = 0;
  let last = DROP_STEP;
  while (dropped < limit && last > 0) {
    const step = Math.min(DROP_STEP, limit - dropped);
    last = await handle.write((connection) => Number(connection.prepare(DROP).run(step).changes));
    dropped += last;
    await nextTurn();
  }
  return { isWanted: false, indexed: 0, more: dropped >= limit };
}

function hasLeaves(connection: Connection): boolean {
  return connection.prepare("SELECT 1 FROM taskwright_input_leaf LIMIT 1").get() !== undefined;
}

/** Brings the index of inputs up to date, or takes it down. */
export async function maintainInputIndex(
  handle: StoreHandle,
  { limit, keepFor, now }: IndexRequest,
): Promise<IndexAnswer> {
  const { is_asked, kept_until, indexed_to } = await handle.read(stateOf);
  if (is_asked === 1) await handle.write((connection) => connection.prepare(KEEP).run(now + keepFor));
  else if (kept_until <= now) {
    if (indexed_to > 0) await handle.write((connection) => connection.prepare(RESET).run());
    else if (await handle.read(hasLeaves)) return takeDown(handle, limit);
    return { isWanted: false, indexed: 0, more: false };
  }
  let indexed = 0;
  let more = (await handle.read((connection) => connection.prepare(NEXT).get(indexed_to, 1))) !== undefined;
  while (more && indexed < limit) {
    const step = Math.min(STEP, limit - indexed);
    const taken = await handle.write((connection) => takeIn(connection, step));
    indexed += taken.count;
    more = taken.more;
    await nextTurn();
  }
  return { isWanted: true, indexed, more };
}
