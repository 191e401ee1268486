import { TaskError } from "@taskwright/shared";
import type { Engine } from "./engine.ts";
import type { BuiltHandler } from "./handler-types.ts";
import { RELAY_PATH } from "./relay-task.ts";

/** Relays what committed transactions have left in the outboxes of these backends, or of all; resolves to how many tasks. */
export async function relayOutboxes(
  engine: Engine,
  options: { readonly backend?: string | undefined; readonly signal?: AbortSignal | undefined },
): Promise<number> {
  const { backend, signal } = options;
  const named = backend === undefined ? [...engine.backends.values()] : [engine.backend(backend)];
  let relayed = 0;
  for (const opened of named) {
    if (opened.relay === null) {
      if (backend === undefined) continue;
      throw new TaskError({
        code: "NOT_SUPPORTED",
        message: `The backend "${opened.name}" (${opened.backend.kind}) has no outbox.`,
      });
    }
    await opened.use();
    relayed += await opened.relay.all(signal);
  }
  return relayed;
}

/** The handler of the built-in task. */
export function relayHandler(engine: () => Engine): BuiltHandler {
  return {
    path: RELAY_PATH,
    middleware: [],
    handle: async ({ signal }: { readonly signal: AbortSignal }) => {
      await relayOutboxes(engine(), { signal });
    },
  };
}
