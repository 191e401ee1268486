import type { ClearStaleResultsInput } from "./built-in-tasks.ts";
import type { Engine } from "./engine.ts";
import { DEFAULT_RETENTION, purgeByRetention } from "./upkeep.ts";

/**
 * Deletes old SUCCESSFUL task results, in batches; resolves to how many.
 *
 * Rejects with UNKNOWN_BACKEND, NOT_SUPPORTED where the named backend keeps none, and what the signal aborted with.
 */
export async function clearStaleResults(
  engine: Engine,
  { since, backend }: ClearStaleResultsInput,
  signal: AbortSignal,
): Promise<number> {
  const successfulMs = since === undefined ? DEFAULT_RETENTION.successfulMs : since * 1_000;
  const named =
    backend === undefined
      ? [...engine.backends.values()].filter((opened) => opened.backend.maintenance !== undefined)
      : [engine.backend(backend, "taskwright.clearStaleResults")];
  let deleted = 0;
  for (const opened of named) {
    await opened.use();
    deleted += await purgeByRetention(opened, { successfulMs, failedMs: null }, signal);
  }
  signal.throwIfAborted();
  return deleted;
}
