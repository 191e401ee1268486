import type { AttemptError } from "@taskwright/shared";
import type { TaskRecord } from "../backend/index.ts";
import type { Engine } from "./engine.ts";
import type { OpenedBackend } from "./opened-backend.ts";
import { toListedResult } from "./result-mapping.ts";

/** Tells listeners and `onFailed` hooks that a task result has ended FAILED; what hooks throw is logged. */
export function reportFailure(
  engine: Engine,
  opened: OpenedBackend,
  failure: {
    id: string;
    path: string;
    queue: string;
    backend: string;
    attempt: number;
    error: AttemptError;
    record?: TaskRecord;
  },
): void {
  const { id, path, error } = failure;
  const { record, ...event } = failure;
  engine.events.emit("failed", event);
  const hooks = [engine.tasks.get(path)?.handler?.onFailed, engine.onFailed].filter(
    (hook) => hook !== undefined,
  );
  if (hooks.length === 0) return;
  const logThrown = (thrown: unknown) =>
    engine.logger.error({ err: thrown, id, task: path }, "An onFailed hook threw.");
  engine.keepOpenFor(
    (async () => {
      const stored = record ?? (await opened.reads.add(id));
      if (stored === null) return;
      const result = await toListedResult(stored, engine.tasks.get(path), opened.name);
      for (const hook of hooks) {
        try {
          await hook({ result, error });
        } catch (thrown) {
          logThrown(thrown);
        }
      }
    })().catch(logThrown),
  );
}
