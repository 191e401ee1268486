import type { EnqueueOutcome, NewTask, TaskStore } from "../../backend/index.ts";
import type { MemoryState, OpenState } from "./memory-state.ts";

/** Stores one task result, and wakes who waits for it. */
export function enqueueOne({ table, keys, board }: MemoryState, task: NewTask, now: number): EnqueueOutcome {
  if (table.get(task.id) !== undefined) return { outcome: "stored" };
  const { deduplication } = task;
  if (deduplication !== null) {
    const holder = keys.holder(deduplication.key, now);
    if (holder !== undefined) return { outcome: "deduplicated", ...holder };
    keys.take(deduplication.key, task.id, deduplication.until);
  }
  board.announce(table.insert(task).record);
  return { outcome: "stored" };
}

/** Keeps task results in maps; nothing here can fail, so `atomic` is always kept. */
export function createTaskStore(state: OpenState): TaskStore {
  return {
    enqueue: async ({ tasks, now }) => {
      const open = state();
      return tasks.map((task) => enqueueOne(open, task, now));
    },

    get: async ({ ids }) => {
      const { table } = state();
      return ids.map((id) => table.get(id)?.record ?? null);
    },

    cancel: async ({ id, now }) => {
      const { table, board } = state();
      const entry = table.get(id);
      if (entry === undefined) return "not-found";
      if (entry.record.status === "RUNNING") {
        table.update(entry, { cancelRequested: true });
        if (entry.lease !== null) board.announceCancel(entry.lease.workerId);
        return "requested";
      }
      if (entry.record.status !== "READY") return "finished";
      table.update(entry, { status: "CANCELLED", finishedAt: now });
      board.announce(entry.record);
      return "cancelled";
    },

    requeue: async ({ id, runAfter, rank }) => {
      const { table, board } = state();
      const entry = table.get(id);
      if (entry === undefined) return "not-found";
      if (entry.record.status !== "FAILED" && entry.record.status !== "CANCELLED") return "not-retryable";
      const fresh = { retriesUsed: 0, lostAttempts: 0, expiresAt: null, finishedAt: null };
      table.update(entry, { status: "READY", runAfter, ...fresh }, { rank });
      board.announce(entry.record);
      return "requeued";
    },

    delete: async ({ ids }) => {
      const { table, keys } = state();
      return ids.map((id) => {
        const entry = table.get(id);
        if (entry === undefined) return "not-found";
        if (entry.record.status === "RUNNING") return "running";
        keys.free(entry);
        table.remove(entry);
        return "deleted";
      });
    },
  };
}
