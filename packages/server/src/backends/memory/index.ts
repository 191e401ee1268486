import { didYouMean, TaskError } from "@taskwright/shared";
import type { Backend, Outbox } from "../../backend/index.ts";
import { withOutbox } from "../outboxes/with-outbox.ts";
import { backendOfState } from "./backend-of-state.ts";
import { createMemoryState } from "./memory-state.ts";

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
  return withOutbox(backendOfState(createMemoryState(), options.readTime), "memory", options.outbox);
}
