import { isTaskError } from "@taskwright/shared";
import type { ReleaseOutcome, ReleaseRequest } from "../backend/index.ts";
import type { Host } from "./host.ts";
import type { OpenedBackend } from "./opened-backend.ts";

const FIRST_PAUSE_MS = 100;
const MOST_TRIES = 6;

/**
 * Gives leases back, again after pauses of about six seconds in all while the store is unavailable.
 *
 * Repeating is safe: what was given back after all answers `lease-lost`. Rejects when the store stays away.
 */
export async function releaseSafely(
  host: Host,
  opened: OpenedBackend,
  items: ReleaseRequest["items"],
): Promise<readonly ReleaseOutcome[]> {
  for (let tries = 1; ; tries++) {
    try {
      return await opened.leases.release({ items, now: opened.clock.now() });
    } catch (error) {
      if (tries >= MOST_TRIES || opened.isClosed || !isTaskError(error, "BACKEND_UNAVAILABLE")) throw error;
    }
    await new Promise<void>((resolve) => {
      host.setTimer(FIRST_PAUSE_MS * 2 ** tries, resolve, { keepAlive: true });
    });
  }
}
