import { didYouMean, TaskError } from "@taskwright/shared";
import type { Backend, Outbox } from "../../backend/index.ts";
import { withOutbox } from "../outboxes/with-outbox.ts";
import { createLeaseSource } from "./lease-source.ts";
import { createMaintenance } from "./maintenance.ts";
import { createMemoryState } from "./memory-state.ts";
import { createTaskInspector } from "./task-inspector.ts";
import { createTaskStore } from "./task-store.ts";

/** Options of {@link memoryBackend}. */
export interface MemoryBackendOptions {
  /**
   * The store's clock in epoch milliseconds, to try out a store whose clock differs from this machine's.
   *
   * @default this machine's clock
   */
  readonly readTime?: () => number;
  /** Where transactions of your database leave tasks: `prismaOutbox(prisma)`. */
  readonly outbox?: Outbox;
}

const OPTIONS: ReadonlySet<string> = new Set<keyof MemoryBackendOptions>(["readTime", "outbox"]);

function checkOptions(options: MemoryBackendOptions): void {
  for (const name of Object.keys(options)) {
    if (OPTIONS.has(name)) continue;
    const message = `memoryBackend has no option "${name}".${didYouMean(name, OPTIONS)}`;
    throw new TaskError({ code: "INVALID_OPTION", message });
  }
  if (options.readTime !== undefined && typeof options.readTime !== "function") {
    const message = `memoryBackend's option readTime must be a function, not ${typeof options.readTime}.`;
    throw new TaskError({ code: "INVALID_OPTION", message });
  }
}

/** A backend that keeps everything in this process: the reference for all others, and for tests. */
export function memoryBackend(options: MemoryBackendOptions = {}): Backend {
  checkOptions(options);
  const { readTime } = options;
  const state = createMemoryState();
  let isClosed = false;

  const openState = () => {
    if (isClosed) throw new TaskError({ code: "CLOSED", message: "This memory backend is closed." });
    return state;
  };

  const backend: Backend = {
    kind: "memory",
    store: createTaskStore(openState),
    leases: createLeaseSource(openState),
    maintenance: createMaintenance(openState),
    inspector: createTaskInspector(openState),
    wakeups: state.board.wakeups,
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
  return withOutbox(backend, "memory", options.outbox);
}
