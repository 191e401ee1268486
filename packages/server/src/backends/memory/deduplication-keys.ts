import type { TaskEntry } from "./task-entry.ts";
import type { TaskTable } from "./task-table.ts";

/** Which task result holds which deduplication key; a key goes with its holder. */
export interface DeduplicationKeys {
  readonly size: number;
  /** The entry that holds the key now, if any does. */
  holder(key: string, now: number): TaskEntry | undefined;
  take(key: string, id: string, until: number): void;
  /** Frees the key that an entry holds; one that a later entry has taken stays. */
  free(entry: TaskEntry): void;
}

/** Makes an empty set of keys over a table. */
export function createDeduplicationKeys(table: Pick<TaskTable, "get">): DeduplicationKeys {
  const holds = new Map<string, { readonly id: string; readonly until: number }>();
  return {
    get size() {
      return holds.size;
    },
    holder: (key, now) => {
      const hold = holds.get(key);
      if (hold === undefined || hold.until <= now) return undefined;
      const entry = table.get(hold.id);
      const status = entry?.record.status;
      return status === "FAILED" || status === "CANCELLED" ? undefined : entry;
    },
    take: (key, id, until) => void holds.set(key, { id, until }),
    free: (entry) => {
      const key = entry.deduplicationKey;
      if (key !== null && holds.get(key)?.id === entry.record.id) holds.delete(key);
    },
  };
}
