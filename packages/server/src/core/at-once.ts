import type { NewTask } from "../backend/index.ts";
import type { OpenedBackend } from "./opened-backend.ts";

/** Runs what is enqueued into a backend that has `runsAtOnce`. */
export interface AtOnce {
  /** Throws NOT_SUPPORTED for what enqueues itself without end, before it is stored. */
  check(item: NewTask): void;
  /** Runs one that was just stored, its retries included; resolves when it has ended, or at once without a handler here. */
  run(opened: OpenedBackend, item: NewTask): Promise<void>;
}
