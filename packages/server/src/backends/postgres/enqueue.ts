import { TaskError } from "@taskwright/shared";
import type { EnqueueOutcome, EnqueueRequest, NewTask } from "../../backend/index.ts";
import { firstOfKeys, isHolding, type KeyHolder, outcomesOfAll } from "../sql/deduplication-keys.ts";
import type { SqlExecutor } from "../sql/executor.ts";
import { throughLostConnections } from "../sql/lost-connections.ts";
import { statusOf } from "../sql/task-state.ts";
import { isAway, isLost, isRefusal } from "./driver-errors.ts";
import type { StoreHandle } from "./opened-store.ts";
import { enqueueItem } from "./statements/enqueue.ts";

const MOST_LOOKS = 10;
const STORED: EnqueueOutcome = { outcome: "stored" };

function itemsOf(tasks: readonly NewTask[]): string {
  return JSON.stringify(tasks.map(enqueueItem));
}

/** What idle workers are told: one for later changes when they have to look again. */
function noticeOf(tasks: readonly NewTask[], now: number): string {
  return tasks.some(({ runAfter }) => runAfter > now) ? "later" : "ready";
}

/** What runs the statements of an enqueue: the store, or a transaction of the caller's. */
type EnqueueRunner = Pick<StoreHandle, "rows" | "statements" | "channel">;

async function holdersOf(
  handle: EnqueueRunner,
  keys: readonly string[],
): Promise<ReadonlyMap<string, KeyHolder>> {
  const rows = await handle.rows(handle.statements.readHolders, [JSON.stringify(keys)]);
  return new Map(
    rows.map(([key, id, until, state]) => [
      key as string,
      { id: id as string, until: Number(until), state: Number(state) },
    ]),
  );
}

/** Stores tasks of which no two have the same key, and tells what became of each by its id. */
async function storeKeyed(
  handle: EnqueueRunner,
  tasks: readonly NewTask[],
  now: number,
): Promise<ReadonlyMap<string, EnqueueOutcome>> {
  const outcomes = new Map<string, EnqueueOutcome>();
  let left = tasks;
  for (let looks = 1; left.length > 0; looks++) {
    const rows = await handle.rows(handle.statements.enqueueKeyed, [
      itemsOf(left),
      now,
      handle.channel,
      noticeOf(left, now),
    ]);
    for (const [id] of rows) outcomes.set(id as string, STORED);
    left = left.filter(({ id }) => !outcomes.has(id));
    if (left.length === 0) break;
    const keyOf = (task: NewTask) => task.deduplication?.key ?? "";
    const holders = await holdersOf(handle, left.map(keyOf));
    for (const task of left) {
      const holder = holders.get(keyOf(task));
      // Another call with the same id, such as one whose answer was lost, came to its end meanwhile.
      if (holder?.id === task.id) outcomes.set(task.id, STORED);
      else if (isHolding(holder, now)) {
        outcomes.set(task.id, { outcome: "deduplicated", id: holder.id, status: statusOf(holder.state) });
      }
    }
    left = left.filter(({ id }) => !outcomes.has(id));
    if (looks >= MOST_LOOKS && left.length > 0) {
      throw new TaskError({
        code: "BACKEND_UNAVAILABLE",
        message: "A deduplication key changed hands again and again; nothing was stored. Try again.",
      });
    }
  }
  return outcomes;
}

/** Stores tasks, all or none of them; tries nothing again. */
async function store(
  handle: EnqueueRunner,
  tasks: readonly NewTask[],
  now: number,
): Promise<EnqueueOutcome[]> {
  if (tasks.every(({ deduplication }) => deduplication === null)) {
    await handle.rows(handle.statements.enqueuePlain, [
      itemsOf(tasks),
      now,
      handle.channel,
      noticeOf(tasks, now),
    ]);
    return tasks.map(() => STORED);
  }
  const keys = firstOfKeys(tasks);
  return outcomesOfAll(tasks, keys, await storeKeyed(handle, keys.firsts, now));
}

/** {@link store} by the executor of a transaction, at whose end others may be idle than now. */
export async function storeInside(
  { rows }: SqlExecutor,
  { statements, channel }: Pick<StoreHandle, "statements" | "channel">,
  tasks: readonly NewTask[],
  now: number,
): Promise<EnqueueOutcome[]> {
  const { enqueuePlainInside: enqueuePlain, enqueueKeyedInside: enqueueKeyed } = statements;
  return store({ rows, statements: { ...statements, enqueuePlain, enqueueKeyed }, channel }, tasks, now);
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
      outcomes.push(...(await throughLostConnections(() => store(handle, [task], now), { isLost, isAway })));
    } catch (error) {
      if (!isRefusal((error as { cause?: unknown }).cause)) throw error;
      outcomes.push({ outcome: "failed", error });
    }
  }
  return outcomes;
}

/** Stores a batch in one statement, unless it holds one that is refused and the batch may be taken apart. */
export async function enqueue(handle: StoreHandle, request: EnqueueRequest): Promise<EnqueueOutcome[]> {
  const { tasks, atomic, now } = request;
  if (tasks.length === 0) return [];
  const laterFirst = Math.min(
    ...tasks.map(({ runAfter }) => (runAfter > now ? runAfter : Number.POSITIVE_INFINITY)),
  );
  try {
    return await throughLostConnections(() => store(handle, tasks, now), { isLost, isAway });
  } catch (error) {
    if (atomic || !isRefusal((error as { cause?: unknown }).cause)) throw error;
    return await storeOneByOne(handle, tasks, now);
  } finally {
    if (laterFirst < Number.POSITIVE_INFINITY) handle.later.note(laterFirst);
    handle.wakeups.ready();
  }
}
