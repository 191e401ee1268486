import { TaskError } from "@taskwright/shared";
import type { ScheduleSync } from "../backend/index.ts";
import type { Engine } from "./engine.ts";
import type { OpenedBackend } from "./opened-backend.ts";

function nothingToSync({ name, backend }: OpenedBackend): TaskError {
  return new TaskError({
    code: "NOT_SUPPORTED",
    message: `The backend "${name}" (${backend.kind}) has nothing to sync: the schedules that it keeps are those that run.`,
  });
}

/** Brings what backends keep of schedules up to what runs them elsewhere; rejects with NOT_SUPPORTED where nothing does. */
export async function syncSchedules(engine: Engine, backend: string | undefined): Promise<ScheduleSync> {
  const named = backend === undefined ? [...engine.backends.values()] : [engine.backend(backend)];
  const able = named.filter((opened) => opened.backend.schedules?.sync !== undefined);
  if (able.length === 0) throw nothingToSync(engine.backend(backend ?? "default"));
  const total = { added: 0, changed: 0, removed: 0, unchanged: 0 };
  for (const opened of able) {
    await opened.use();
    const done = await opened.schedules.sync?.({ now: opened.clock.now() });
    if (done === undefined) continue;
    total.added += done.added;
    total.changed += done.changed;
    total.removed += done.removed;
    total.unchanged += done.unchanged;
  }
  return total;
}
