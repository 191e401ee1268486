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

function enqueueArguments(
  { options, sender }: StoreHandle,
  tasks: readonly NewTask[],
  { now, atomic }: Pick<EnqueueRequest, "now" | "atomic">,
): readonly (string | number)[] {
  const lanes = new Map<string, number>();
  const laneArguments: string[] = [];
  const taskArguments: string[] = [];
  for (const task of tasks) {
    const group = groupOf(task.path, task.queue);
    const name = `${task.priority}:${group}`;
    let lane = lanes.get(name);
    if (lane === undefined) {
      lane = lanes.size + 1;
      lanes.set(name, lane);
      laneArguments.push(String(task.priority), group);
    }
    taskArguments.push(
      task.id,
      String(task.rank),
      String(task.runAfter),
      String(lane),
      rarePart(task),
      unchangingPart(task),
      task.input ?? "",
    );
  }
  return [now, options.consumerGroup, sender, atomic ? 1 : 0, lanes.size, ...laneArguments, ...taskArguments];
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
        } catch (error) {
          if (handle.partitions.keys.length === 1) throw error;
          for (const index of indexes) outcomes[index] = { outcome: "failed", error };
        }
      }),
  );
  handle.wakeups.ready();
  return outcomes;
}

/** Keeps task results in records, lines and indexes, each partition in one slot; a script changes them together. */
export function redisTaskStore(handle: StoreHandle): TaskStore {
  const byHand = (id: string) => handle.partitions.keys[handle.partitions.of(id)] ?? "";
  return {
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
