import { type AttemptError, isTaskError, type TaskResult } from "@taskwright/shared";
import type { TaskRecord } from "../backend/index.ts";
import type { Engine } from "./engine.ts";
import type { OpenedBackend } from "./opened-backend.ts";
import { toListedResult } from "./result-mapping.ts";

const FIRST_PAUSE_MS = 100;
const MOST_TRIES = 6;

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
  engine.keepOpenFor(callHooks());

  async function callHooks(): Promise<void> {
    const facts = { id, task: path };
    let result: TaskResult | null;
    try {
      const stored = record ?? (await readPatiently(engine, opened, id));
      result = stored === null ? null : await toListedResult(stored, engine.tasks.get(path), opened.name);
    } catch (unread) {
      engine.logger.error(
        { ...facts, err: unread },
        "A FAILED task result could not be read, so its onFailed hooks were not called.",
      );
      return;
    }
    // Somebody has deleted it since.
    if (result === null) return;
    for (const hook of hooks) {
      try {
        await hook({ result, error });
      } catch (thrown) {
        engine.logger.error({ ...facts, err: thrown }, "An onFailed hook threw.");
      }
    }
  }
}

/** Reads one, again after pauses of about six seconds in all while the store is unavailable. */
async function readPatiently(engine: Engine, opened: OpenedBackend, id: string): Promise<TaskRecord | null> {
  for (let tries = 1; ; tries++) {
    try {
      const { delivery } = opened.backend;
      if (delivery?.keepsResults === false) return await delivery.state({ id });
      return await opened.reads.add(id);
    } catch (error) {
      if (tries >= MOST_TRIES || opened.isClosed || !isTaskError(error, "BACKEND_UNAVAILABLE")) throw error;
    }
    await new Promise<void>((resolve) => {
      engine.host.setTimer(FIRST_PAUSE_MS * 2 ** tries, resolve, { keepAlive: true });
    });
  }
}
