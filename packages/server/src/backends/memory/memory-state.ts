import type { ScheduleRecord } from "../../backend/index.ts";
import { createDeduplicationKeys, type DeduplicationKeys } from "./deduplication-keys.ts";
import { createTaskTable, type TaskTable } from "./task-table.ts";
import { createWakeBoard, type WakeBoard } from "./wakeups.ts";

/** All that a memory backend keeps. */
export interface MemoryState {
  readonly table: TaskTable;
  readonly keys: DeduplicationKeys;
  readonly board: WakeBoard;
  readonly schedules: Map<string, ScheduleRecord>;
  /** Makes a lease token that no claim has had. */
  nextToken(): string;
}

/** Gives the state, or throws CLOSED once the backend is closed. */
export type OpenState = () => MemoryState;

/** Makes the state of an empty store. */
export function createMemoryState(): MemoryState {
  const table = createTaskTable();
  let tokens = 0;
  return {
    table,
    keys: createDeduplicationKeys(table),
    board: createWakeBoard(),
    schedules: new Map(),
    nextToken: () => `lease-${++tokens}`,
  };
}
