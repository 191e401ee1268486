import type { TaskStatus } from "@taskwright/shared";
import type {
  CancelOutcome,
  DeleteOutcome,
  EnqueueOutcome,
  EnqueueRequest,
  NewTask,
  RequeueOutcome,
  TaskStore,
} from "../../backend/index.ts";
import { toTaskError } from "./driver-errors.ts";
import type { StoreHandle } from "./opened-store.ts";
import { groupOf, type RecordFields, toRecord, unchangingPart } from "./record-text.ts";
import { CANCEL, DELETE, REQUEUE } from "./scripts/by-hand.ts";
import { ENQUEUE } from "./scripts/enqueue.ts";
import { READ } from "./scripts/read.ts";

/** What few tasks have: see scripts/enqueue.ts. */
function rarePart({ expiresAt, deduplication }: NewTask): string {
  if (expiresAt === null && deduplication === null) return "";
  return JSON.stringify({
    ...(expiresAt === null ? {} : { expiresAt: String(expiresAt) }),
    ...(deduplication === null ? {} : { key: deduplication.key, until: String(deduplication.until) }),
  });
}

/** What tasks that differ in nothing else have in common, and then each task: see scripts/enqueue.ts. */
export function enqueueArguments(
  { options, sender }: StoreHandle,
  tasks: readonly NewTask[],
  { now, atomic }: Pick<EnqueueRequest, "now" | "atomic">,
): readonly (string | number)[] {
  const headers = new Map<string, number>();
  const args: (string | number)[] = [now, options.consumerGroup, sender, 0, atomic ? 1 : 0];
  const numbers: number[] = [];
  for (const task of tasks) {
    const group = groupOf(task.path, task.queue);
    const few = rarePart(task);
    const name = `${task.priority} ${task.rank} ${task.runAfter} ${few} ${group}`;
    let number = headers.get(name);
    if (number === undefined) {
      number = headers.size + 1;
      headers.set(name, number);
      args.push(task.priority, group, task.rank, task.runAfter, few);
    }
    numbers.push(number);
  }
  args[3] = headers.size;
  for (const [index, task] of tasks.entries()) args.push(task.id, numbers[index] ?? 0, unchangingPart(task));
  return args;
}

function toOutcome(answer: string): EnqueueOutcome {
  if (answer === "stored") return { outcome: "stored" };
  const space = answer.indexOf(" ");
  if (answer.startsWith("refused "))
    return { outcome: "failed", error: toTaskError(new Error(answer.slice(space + 1))) };
  return {
    outcome: "deduplicated",
    status: answer.slice(0, space) as TaskStatus,
    id: answer.slice(space + 1),
  };
}

async function enqueue(
  handle: StoreHandle,
  { tasks, now, atomic }: EnqueueRequest,
): Promise<readonly EnqueueOutcome[]> {
  const outcomes = new Array<EnqueueOutcome>(tasks.length);
  let stored = 0;
  await Promise.all(
    handle.partitions
      .divide(tasks, ({ id }) => id)
      .map(async ({ key, items, indexes }) => {
        try {
          const answers = await handle.runConfirmed<readonly string[]>(
            ENQUEUE,
            key,
            enqueueArguments(handle, items, { now, atomic }),
          );
          for (const [place, index] of indexes.entries()) outcomes[index] = toOutcome(answers[place] ?? "");
          stored++;
        } catch (error) {
          for (const index of indexes) outcomes[index] = { outcome: "failed", error };
        }
      }),
  );
  const [first] = outcomes;
  if (stored === 0 && first?.outcome === "failed") throw first.error;
  handle.wakeups.ready();
  return outcomes;
}

/** Keeps task results in records, lines and indexes, each partition in one slot; a script changes them together. */
export function redisTaskStore(handle: StoreHandle): TaskStore {
  const byHand = (id: string) => handle.partitions.keys[handle.partitions.of(id)] ?? "";
  return {
    placeId: ({ id, deduplicationKey }) => handle.partitions.placeId(id, deduplicationKey),

    enqueue: (request) => enqueue(handle, request),

    get: async ({ ids }) => {
      const found = await handle.runEach<string, RecordFields>(READ, ids, {
        idOf: (id) => id,
        args: (some) => some,
      });
      return ids.map((id, index) => toRecord(id, found[index] ?? []));
    },

    cancel: async ({ id, now }) => {
      const args = [...handle.endingArguments(now), id];
      const outcome = await handle.run<CancelOutcome>(CANCEL, byHand(id), args);
      if (outcome === "cancelled") handle.wakeups.results([id]);
      return outcome;
    },

    requeue: async ({ id, runAfter, rank, now }) => {
      const args = [...handle.endingArguments(now), id, runAfter, rank];
      const outcome = await handle.run<RequeueOutcome>(REQUEUE, byHand(id), args);
      if (outcome === "requeued") handle.wakeups.ready();
      return outcome;
    },

    delete: ({ ids }) =>
      Promise.all(
        ids.map((id) => handle.run<DeleteOutcome>(DELETE, byHand(id), [...handle.endingArguments(0), id])),
      ),
  };
}
