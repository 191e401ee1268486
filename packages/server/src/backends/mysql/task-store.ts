import { TaskError } from "@taskwright/shared";
import type {
  CancelOutcome,
  DeleteOutcome,
  RequeueOutcome,
  TaskRecord,
  TaskStore,
} from "../../backend/index.ts";
import type { CountingExecutor, SqlExecutor } from "../sql/executor.ts";
import { toRecord } from "../sql/row-mapping.ts";
import { statementOf } from "../sql/statement-of.ts";
import type { TableNames } from "../sql/table-names.ts";
import { STATE } from "../sql/task-state.ts";
import { enqueue } from "./enqueue.ts";
import type { StoreHandle } from "./opened-store.ts";
import { isId } from "./row-check.ts";
import { takeOut } from "./statements/claim.ts";
import { putInLine } from "./statements/fragments.ts";
import {
  askToEnd,
  finishWaiting,
  freeKeys,
  lockEnd,
  lockFinished,
  lockPlaces,
  readEnd,
  readPlaces,
  readRecords,
  readRunning,
  readWorker,
  removeBySeq,
  removeLeaves,
  reviveTask,
} from "./statements/task-store.ts";

const MOST_LOOKS = 10;

/** A task result, and where it stands if it is in line. */
interface Place {
  readonly id: string;
  readonly seq: number;
  readonly queue: string;
  readonly path: string;
  readonly rank: number;
  readonly run_after: number;
  readonly key: string | null;
}

function changesHands(id: string): TaskError {
  return new TaskError({
    code: "BACKEND_UNAVAILABLE",
    message: `${id} changed hands again and again; nothing was done. Try again.`,
  });
}

async function placesOf(
  executor: SqlExecutor,
  names: TableNames,
  ids: readonly string[],
): Promise<readonly Place[]> {
  const rows = await executor.rows(readPlaces(names), [JSON.stringify(ids)]);
  const places = rows.map(([id, seq, queue, path, rank, runAfter, key]) => ({
    id: id as string,
    seq: Number(seq),
    queue: queue as string,
    path: path as string,
    rank: Number(rank),
    run_after: Number(runAfter),
    key: key as string | null,
  }));
  return places.sort((left, right) => left.seq - right.seq);
}

async function getRecords(
  handle: StoreHandle,
  ids: readonly string[],
): Promise<readonly (TaskRecord | null)[]> {
  const ours = [...new Set(ids.filter(isId))];
  if (ours.length === 0) return ids.map(() => null);
  const rows = await handle.rows(readRecords(handle.names), [JSON.stringify(ours)]);
  const records = new Map(rows.map(toRecord).map((record) => [record.id, record]));
  return ids.map((id) => records.get(id) ?? null);
}

/** What a cancel came to, or null when the task result changed hands at this moment. */
async function cancelIn(
  executor: CountingExecutor,
  names: TableNames,
  id: string,
  now: number,
): Promise<{ readonly outcome: CancelOutcome; readonly workerId?: string } | null> {
  const [place] = await placesOf(executor, names, [id]);
  if (place === undefined) return { outcome: "not-found" };
  const { seq, queue } = place;
  const json = JSON.stringify([place]);
  const isOut =
    (await executor.change(takeOut(names, "due"), [json])) > 0 ||
    (await executor.change(takeOut(names, "later"), [json])) > 0;
  if (isOut) {
    await executor.change(finishWaiting(names), [seq, queue, now]);
    return { outcome: "cancelled" };
  }
  // Not every connection counts rows that were so already.
  await executor.change(askToEnd(names), [seq]);
  const [running] = await executor.rows(readWorker(names), [seq]);
  if (running !== undefined) return { outcome: "requested", workerId: running[0] as string };
  const [end] = await executor.rows(readEnd(names), [seq]);
  return end === undefined ? null : { outcome: "finished" };
}

async function cancel(handle: StoreHandle, id: string, now: number): Promise<CancelOutcome> {
  if (!isId(id)) return "not-found";
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    const found = await handle.transaction((executor) => cancelIn(executor, handle.names, id, now));
    if (found === null) continue;
    if (found.outcome === "cancelled") handle.wakeups.results([id]);
    if (found.workerId !== undefined) handle.wakeups.cancel(found.workerId);
    return found.outcome;
  }
  throw changesHands(id);
}

async function requeueIn(
  executor: CountingExecutor,
  names: TableNames,
  request: Parameters<TaskStore["requeue"]>[0],
): Promise<RequeueOutcome> {
  const { id, runAfter, rank, now } = request;
  const [place] = await placesOf(executor, names, [id]);
  if (place === undefined) return "not-found";
  const [end] = await executor.rows(lockEnd(names), [place.seq]);
  const state = Number(end?.[0] ?? STATE.READY);
  if (state !== STATE.FAILED && state !== STATE.CANCELLED) return "not-retryable";
  const seqs = JSON.stringify([place.seq]);
  await executor.change(reviveTask(names), [runAfter, rank, place.seq]);
  await executor.change(removeBySeq(names, "finished"), [seqs]);
  const line = runAfter <= now ? "due" : "later";
  await executor.change(statementOf(`requeue_${line}`, putInLine(names, line, "seq")), [seqs, now]);
  return "requeued";
}

async function removeIn(
  executor: CountingExecutor,
  names: TableNames,
  ids: readonly string[],
): Promise<{ readonly there: readonly string[]; readonly outcomes: ReadonlyMap<string, DeleteOutcome> }> {
  const places = await placesOf(executor, names, ids);
  const outcomes = new Map<string, DeleteOutcome>();
  if (places.length === 0) return { there: [], outcomes };
  const json = JSON.stringify(places);
  const seqs = JSON.stringify(places.map(({ seq }) => seq));
  const [due, later, finished, running] = [
    await executor.rows(lockPlaces(names, "due"), [json]),
    await executor.rows(lockPlaces(names, "later"), [json]),
    await executor.rows(lockFinished(names), [seqs]),
    await executor.rows(readRunning(names), [seqs]),
  ];
  const out = new Set([...due, ...later, ...finished].map(([seq]) => Number(seq)));
  const runs = new Set(running.map(([seq]) => Number(seq)));
  const gone = places.filter(({ seq }) => out.has(seq));
  if (gone.length > 0) {
    const goneJson = JSON.stringify(gone);
    const goneSeqs = JSON.stringify(gone.map(({ seq }) => seq));
    await executor.change(takeOut(names, "due"), [goneJson]);
    await executor.change(takeOut(names, "later"), [goneJson]);
    await executor.change(removeBySeq(names, "finished"), [goneSeqs]);
    await executor.change(removeBySeq(names, "task"), [goneSeqs]);
    await executor.change(removeLeaves(names), [goneSeqs]);
    const keys = gone.filter(({ key }) => key !== null).map(({ key, id }) => ({ key: key ?? "", id }));
    keys.sort((left, right) => (left.key < right.key ? -1 : 1));
    if (keys.length > 0) await executor.change(freeKeys(names), [JSON.stringify(keys)]);
  }
  for (const { id, seq } of places) {
    if (out.has(seq)) outcomes.set(id, "deleted");
    else if (runs.has(seq)) outcomes.set(id, "running");
  }
  return { there: places.map(({ id }) => id), outcomes };
}

async function remove(handle: StoreHandle, ids: readonly string[]): Promise<readonly DeleteOutcome[]> {
  const outcomes = new Map<string, DeleteOutcome>();
  let left: readonly string[] = [...new Set(ids)].filter(isId);
  for (let looks = 0; left.length > 0; looks++) {
    if (looks >= MOST_LOOKS) throw changesHands(left[0] ?? "");
    const found = await handle.transaction((executor) => removeIn(executor, handle.names, left));
    for (const [id, outcome] of found.outcomes) outcomes.set(id, outcome);
    left = found.there.filter((id) => !outcomes.has(id));
  }
  return ids.map((id, index) => {
    // Named twice, it is there once.
    if (ids.indexOf(id) !== index && outcomes.get(id) === "deleted") return "not-found";
    return outcomes.get(id) ?? "not-found";
  });
}

/** The store facet on MariaDB and MySQL. */
export function mysqlTaskStore(handle: StoreHandle): TaskStore {
  return {
    enqueue: (request) => enqueue(handle, request),
    get: ({ ids }) => getRecords(handle, ids),
    cancel: ({ id, now }) => cancel(handle, id, now),

    requeue: async (request) => {
      if (!isId(request.id)) return "not-found";
      const outcome = await handle.transaction((executor) => requeueIn(executor, handle.names, request));
      if (outcome === "requeued") handle.wakeups.ready();
      return outcome;
    },

    delete: ({ ids }) => remove(handle, ids),
  };
}
