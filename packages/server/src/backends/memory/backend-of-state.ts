import { TaskError } from "@taskwright/shared";
import type { Backend } from "../../backend/index.ts";
import { createLeaseSource } from "./lease-source.ts";
import { createMaintenance } from "./maintenance.ts";
import type { MemoryState } from "./memory-state.ts";
import { createScheduleStore } from "./schedule-store.ts";
import { createTaskInspector } from "./task-inspector.ts";
import { createTaskStore } from "./task-store.ts";

/**
 * A backend over a state that its maker can look into.
 *
 * @param readTime the store's clock where it is not this machine's
 */
export function backendOfState(state: MemoryState, readTime?: () => number): Backend {
  let isClosed = false;

  const openState = () => {
    if (isClosed) throw new TaskError({ code: "CLOSED", message: "This memory backend is closed." });
    return state;
  };

  return {
    kind: "memory",
    store: createTaskStore(openState),
    leases: createLeaseSource(openState),
    maintenance: createMaintenance(openState),
    inspector: createTaskInspector(openState),
    wakeups: state.board.wakeups,
    schedules: createScheduleStore(openState),
    ...(readTime === undefined
      ? {}
      : {
          readTime: async () => {
            openState();
            return readTime();
          },
        }),
    diagnose: async () => {
      openState();
      return [
        { level: "ok", message: "The store is this process's memory; no other process can reach it." },
        { level: "warning", message: "Every task result is lost when this process ends." },
      ];
    },
    open: async () => void openState(),
    close: async () => {
      isClosed = true;
      state.board.stopAll();
    },
  };
}
