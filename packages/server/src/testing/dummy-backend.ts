import { TaskError } from "@taskwright/shared";
import type { Backend } from "../backend/index.ts";
import { createMemoryState } from "../backends/memory/memory-state.ts";
import { createScheduleStore } from "../backends/memory/schedule-store.ts";
import { createTaskInspector } from "../backends/memory/task-inspector.ts";
import { createTaskStore } from "../backends/memory/task-store.ts";
import { type EnqueuedTask, enqueuedTask, storedRecords } from "./enqueued-task.ts";

/** What {@link dummyBackend} makes. */
export interface DummyBackend extends Backend {
  /**
   * What was enqueued, oldest first. A backend knows no contract: inputs are as JSON shows them, so a transformer's are in
   * the form that it wrote.
   */
  readonly results: readonly EnqueuedTask[];
  /** Forgets all of it, schedules and keys of deduplication included. */
  clear(): void;
}

function readJson(text: string | null): unknown {
  return text === null ? undefined : JSON.parse(text);
}

/** A backend that keeps what is enqueued and runs nothing, for tests of code that enqueues; no worker can claim from it. */
export function dummyBackend(): DummyBackend {
  let state = createMemoryState();
  let isClosed = false;
  const openState = () => {
    if (isClosed) throw new TaskError({ code: "CLOSED", message: "This dummy backend is closed." });
    return state;
  };
  return {
    kind: "dummy",
    store: createTaskStore(openState),
    inspector: createTaskInspector(openState),
    schedules: createScheduleStore(openState),
    get results() {
      return storedRecords(state).map((record) => enqueuedTask(record, "default", readJson(record.input)));
    },
    clear: () => {
      state = createMemoryState();
    },
    diagnose: async () => [
      { level: "warning", message: "What is enqueued is kept in this process's memory and never run." },
    ],
    open: async () => void openState(),
    close: async () => {
      isClosed = true;
    },
  };
}
