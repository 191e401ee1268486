import { TaskError } from "@taskwright/shared";
import type { Engine } from "./engine.ts";
import { recoverDeadLetters } from "./recover-dead-letters.ts";

/**
 * Relays what committed transactions have left in the outboxes of these backends, or of all, and sends anew what a backend
 * that pushes has given up on; resolves to how many tasks.
 */
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
    relayed += await recoverDeadLetters(opened, signal);
  }
  return relayed;
}
