import type { TaskStatus } from "@taskwright/shared";
import { createHeap } from "./heap.ts";
import type { TaskEntry } from "./task-entry.ts";
import type { TaskTable } from "./task-table.ts";

/** Whom a key stands for. */
export interface KeyHolder {
  readonly id: string;
  readonly status: TaskStatus;
}

/** Which task result holds which deduplication key; one that ended well may be purged before its key's window is over. */
export interface DeduplicationKeys {
  readonly size: number;
  /** Who holds the key now, if anybody does. */
  holder(key: string, now: number): KeyHolder | undefined;
  take(key: string, id: string, until: number): void;
  /** Frees the key that an entry holds; one that a later entry has taken stays. */
  free(entry: TaskEntry): void;
  /** Removes keys whose window is over, the earliest first; gives how many. */
  removeOver(now: number, limit: number): number;
}

interface Hold {
  readonly key: string;
  readonly id: string;
  readonly until: number;
  /** Its index in the heap of windows' ends. */
  endPlace: number;
}

/** Makes an empty set of keys over a table. */
export function createDeduplicationKeys(table: Pick<TaskTable, "get">): DeduplicationKeys {
  const holds = new Map<string, Hold>();
  const byEnd = createHeap<"endPlace", Hold>("endPlace", (left, right) => left.until < right.until);
  const remove = (hold: Hold): void => {
    holds.delete(hold.key);
    byEnd.remove(hold);
  };
  return {
    get size() {
      return holds.size;
    },
    holder: (key, now) => {
      const hold = holds.get(key);
      if (hold === undefined || hold.until <= now) return undefined;
      // Those that end otherwise free their key when they are removed.
      const status = table.get(hold.id)?.record.status ?? "SUCCESSFUL";
      return status === "FAILED" || status === "CANCELLED" ? undefined : { id: hold.id, status };
    },
    take: (key, id, until) => {
      const before = holds.get(key);
      if (before !== undefined) remove(before);
      const hold = { key, id, until, endPlace: -1 };
      holds.set(key, hold);
      byEnd.add(hold);
    },
    free: (entry) => {
      const hold = entry.deduplicationKey === null ? undefined : holds.get(entry.deduplicationKey);
      if (hold !== undefined && hold.id === entry.record.id) remove(hold);
    },
    removeOver: (now, limit) => {
      let removed = 0;
      for (
        let hold = byEnd.peek();
        hold !== undefined && hold.until <= now && removed < limit;
        hold = byEnd.peek()
      ) {
        remove(hold);
        removed++;
      }
      return removed;
    },
  };
}
