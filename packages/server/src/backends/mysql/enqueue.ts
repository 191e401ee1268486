import { TaskError } from "@taskwright/shared";
import type { EnqueueOutcome, EnqueueRequest, NewTask } from "../../backend/index.ts";
import { firstOfKeys, isHolding, type KeyHolder, outcomesOfAll } from "../sql/deduplication-keys.ts";
import type { CountingExecutor, SqlExecutor } from "../sql/executor.ts";
import { throughLostConnections } from "../sql/lost-connections.ts";
import { statementOf } from "../sql/statement-of.ts";
import type { TableNames } from "../sql/table-names.ts";
import { statusOf } from "../sql/task-state.ts";
import { isAway, isDuplicate, isLost, isRefusal, toTaskError } from "./driver-errors.ts";
import type { KnownLanes } from "./known-lanes.ts";
import type { StoreHandle } from "./opened-store.ts";
import { checkRow } from "./row-check.ts";
import { partsBySize } from "./statement-size.ts";
import {
  enqueueItem,
  hashOfKey,
  insertTasks,
  readHolders,
  readIds,
  readKeys,
  takeKeys,
} from "./statements/enqueue.ts";
import { putInLine } from "./statements/fragments.ts";
import { nextGate } from "./statements/input-gates.ts";

const MOST_LOOKS = 10;
const STORED: EnqueueOutcome = { outcome: "stored" };

async function existingOf(
  executor: SqlExecutor,
  names: TableNames,
  tasks: readonly NewTask[],
): Promise<ReadonlySet<string>> {
  const rows = await executor.rows(readIds(names), [JSON.stringify(tasks.map(({ id }) => id))]);
  return new Set(rows.map(([id]) => id as string));
}

/** A task and how a statement is told of it. */
interface NewRow {
  readonly task: NewTask;
  readonly item: ReturnType<typeof enqueueItem>;
}

/** Stores what is not there already of tasks that one statement carries, and gives what it has stored. */
async function insertPart(
  executor: CountingExecutor,
  names: TableNames,
  { items: rows, json }: { readonly items: readonly NewRow[]; readonly json: string },
): Promise<readonly NewTask[]> {
  const tasks = rows.map(({ task }) => task);
  const items = rows.map(({ item }) => item);
  const statement = insertTasks(names, items);
  try {
    await executor.change(statement, [json, nextGate()]);
    return tasks;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    // Looked up only now, as it hardly ever happens; the server has undone the statement.
    const existing = await existingOf(executor, names, tasks);
    if (existing.size === 0) throw error;
    const fresh = tasks.filter(({ id }) => !existing.has(id));
    if (fresh.length > 0)
      await executor.change(statement, [JSON.stringify(fresh.map(enqueueItem)), nextGate()]);
    return fresh;
  }
}

/** Stores tasks and puts them in line; an id that is there already changes nothing. */
async function insertNew(
  executor: CountingExecutor,
  names: TableNames,
  tasks: readonly NewTask[],
  now: number,
): Promise<void> {
  const byId = new Map([...tasks].reverse().map((task) => [task.id, task]));
  const unique = byId.size === tasks.length ? tasks : tasks.filter((task) => byId.get(task.id) === task);
  const rows = unique.map((task) => ({ task, item: enqueueItem(task) }));
  const inserted: NewTask[] = [];
  for (const part of partsBySize(rows, ({ item }) => JSON.stringify(item)))
    inserted.push(...(await insertPart(executor, names, part)));
  for (const line of ["due", "later"] as const) {
    const ids = inserted.filter(({ runAfter }) => runAfter <= now === (line === "due")).map(({ id }) => id);
    if (ids.length === 0) continue;
    await executor.change(statementOf(`enqueue_${line}`, putInLine(names, line, "id")), [
      JSON.stringify(ids),
      now,
    ]);
  }
}

async function holdersOf(
  executor: SqlExecutor,
  names: TableNames,
  tasks: readonly NewTask[],
  isLatest: boolean,
): Promise<ReadonlyMap<string, KeyHolder>> {
  const keys = tasks.flatMap(({ deduplication }) =>
    deduplication === null ? [] : [hashOfKey(deduplication.key)],
  );
  const rows = await executor.rows(readHolders(names, isLatest), [JSON.stringify(keys)]);
  return new Map(
    rows.map(([key, id, until, state]) => [
      key as string,
      { id: id as string, until: Number(until), state: Number(state) },
    ]),
  );
}

function keyOf({ deduplication }: NewTask): string {
  return deduplication === null ? "" : hashOfKey(deduplication.key);
}

/** Takes free keys, of those of tasks without one none, and gives the tasks that may be stored. */
async function taken(
  executor: CountingExecutor,
  names: TableNames,
  tasks: readonly NewTask[],
  holders: ReadonlyMap<string, KeyHolder>,
): Promise<readonly NewTask[]> {
  const items = tasks.flatMap((task) => {
    const { id, deduplication } = task;
    if (deduplication === null) return [];
    const key = keyOf(task);
    return [{ key, id, until: deduplication.until, holder: holders.get(key)?.id }];
  });
  // In one order everywhere, so that two who take the same ones do not wait for each other.
  const sorted = items.sort((left, right) => (left.key < right.key ? -1 : 1));
  if (sorted.length > 0) await executor.change(takeKeys(names), [JSON.stringify(sorted)]);
  const rows =
    sorted.length === 0
      ? []
      : await executor.rows(readKeys(names), [JSON.stringify(sorted.map(({ key }) => key))]);
  const ids = new Map(rows.map(([key, id]) => [key as string, id as string]));
  return tasks.filter((task) => task.deduplication === null || ids.get(keyOf(task)) === task.id);
}

/**
 * Stores tasks of which no two have the same key, as far as their keys can be had, and says what became of those.
 *
 * @param isLatest whether to see what others have changed since the transaction began, whatever its isolation
 */
async function storeKeyed(
  executor: CountingExecutor,
  names: TableNames,
  tasks: readonly NewTask[],
  { now, isLatest }: { readonly now: number; readonly isLatest: boolean },
): Promise<Map<string, EnqueueOutcome>> {
  const outcomes = new Map<string, EnqueueOutcome>();
  const existing = await existingOf(executor, names, tasks);
  for (const id of existing) outcomes.set(id, STORED);
  const fresh = tasks.filter(({ id }) => !existing.has(id));
  const holders = await holdersOf(executor, names, fresh, isLatest);
  const open = fresh.filter((task) => {
    const holder = holders.get(keyOf(task));
    if (task.deduplication === null || !isHolding(holder, now)) return true;
    outcomes.set(task.id, { outcome: "deduplicated", id: holder.id, status: statusOf(holder.state) });
    return false;
  });
  if (open.length === 0) return outcomes;
  const mine = await taken(executor, names, open, holders);
  if (mine.length > 0) await insertNew(executor, names, mine, now);
  for (const { id } of mine) outcomes.set(id, STORED);
  return outcomes;
}

/** How tasks are stored; what is left over, because a key has changed hands, is stored in another go. */
type Run = <T>(work: (executor: CountingExecutor) => Promise<T>) => Promise<T>;

/** Where tasks are stored. */
export interface EnqueuePlace {
  readonly names: TableNames;
  readonly lanes: KnownLanes;
  /** Where queues and paths are made known that have not been used before, if not beside the tasks. */
  readonly aside?: Run;
}

/** Stores tasks in one transaction, or in as many as keys change hands; tries nothing again. */
export async function storeThrough(
  work: Run,
  { names, lanes, aside }: EnqueuePlace,
  tasks: readonly NewTask[],
  now: number,
): Promise<EnqueueOutcome[]> {
  const run: Run = (store) =>
    work(async (executor) => {
      await lanes.prepare({ executor, names, add: aside ?? ((adding) => adding(executor)) }, tasks);
      return store(executor);
    });
  for (const task of tasks) checkRow(task);
  if (tasks.every(({ deduplication }) => deduplication === null)) {
    await run((executor) => insertNew(executor, names, tasks, now));
    return tasks.map(() => STORED);
  }
  const keys = firstOfKeys(tasks);
  const outcomes = new Map<string, EnqueueOutcome>();
  let left = keys.firsts;
  for (let looks = 0; left.length > 0; looks++) {
    if (looks >= MOST_LOOKS) {
      throw new TaskError({
        code: "BACKEND_UNAVAILABLE",
        message: "A deduplication key changed hands again and again; not everything was stored. Try again.",
      });
    }
    const stored = await run((executor) => storeKeyed(executor, names, left, { now, isLatest: looks > 0 }));
    for (const [id, outcome] of stored) outcomes.set(id, outcome);
    left = left.filter(({ id }) => !outcomes.has(id));
  }
  return outcomesOfAll(tasks, keys, outcomes);
}

async function store(handle: StoreHandle, tasks: readonly NewTask[], now: number): Promise<EnqueueOutcome[]> {
  const run: Run = (work) => handle.transaction(work, true);
  try {
    const outcomes = await throughLostConnections(() => storeThrough(run, handle, tasks, now), {
      isLost,
      isAway,
    });
    handle.lanes.note(tasks);
    return outcomes;
  } catch (error) {
    throw toTaskError(error);
  }
}

/** Stores each alone, so that one that is refused fails alone. */
async function storeOneByOne(
  handle: StoreHandle,
  tasks: readonly NewTask[],
  now: number,
): Promise<EnqueueOutcome[]> {
  const outcomes: EnqueueOutcome[] = [];
  for (const task of tasks) {
    try {
      outcomes.push(...(await store(handle, [task], now)));
    } catch (error) {
      if (!isRefusal((error as { cause?: unknown }).cause)) throw error;
      outcomes.push({ outcome: "failed", error });
    }
  }
  return outcomes;
}

/** Stores a batch in one transaction, unless it holds one that is refused and the batch may be taken apart. */
export async function enqueue(handle: StoreHandle, request: EnqueueRequest): Promise<EnqueueOutcome[]> {
  const { tasks, atomic, now } = request;
  if (tasks.length === 0) return [];
  try {
    return await store(handle, tasks, now);
  } catch (error) {
    if (atomic || !isRefusal((error as { cause?: unknown }).cause)) throw error;
    return await storeOneByOne(handle, tasks, now);
  } finally {
    handle.wakeups.ready();
  }
}
