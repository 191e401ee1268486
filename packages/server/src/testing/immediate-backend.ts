import type { Backend } from "../backend/index.ts";
import { memoryBackend } from "../backends/memory/index.ts";

/**
 * A backend that runs what is enqueued at once, in this process: `delay()` resolves when the task has ended, whatever its
 * time to run, with its retries made and its errors recorded; it does not reject when the handler throws.
 *
 * For tests and development. It keeps task results in memory; a task without a handler in this server stays READY.
 */
export function immediateBackend(): Backend {
  return { ...memoryBackend(), kind: "immediate", runsAtOnce: true };
}
