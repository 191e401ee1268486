import type { RunningAttempt } from "./attempt.ts";
import type { Engine } from "./engine.ts";
import { releaseSafely } from "./release-safely.ts";

/** Gives back, uncounted, the lease of a handler that was told to stop and has ended; tells whether the store knows. */
export async function giveBack(engine: Engine, attempt: RunningAttempt): Promise<boolean> {
  try {
    const item = { lease: attempt.claimed, started: true, when: "now" } as const;
    await releaseSafely(engine.host, attempt.opened, [item]);
    return true;
  } catch (error) {
    const facts = { err: error, id: attempt.id, task: attempt.path };
    engine.logger.warn(facts, "A lease could not be given back; it will expire.");
    return false;
  }
}

/** Leaves a handler that ignores its signal to itself: the end of its lease counts as nothing. */
export async function letExpire(engine: Engine, attempt: RunningAttempt): Promise<void> {
  const facts = { id: attempt.id, task: attempt.path };
  try {
    const item = { lease: attempt.claimed, started: true, when: "on-expiry" } as const;
    await releaseSafely(engine.host, attempt.opened, [item]);
    engine.logger.warn(facts, "A handler ignored its signal; its task runs again when its lease ends.");
  } catch (error) {
    engine.logger.warn({ ...facts, err: error }, "A lease could not be marked; its expiry will count.");
  }
}
