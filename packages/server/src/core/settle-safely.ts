import { isTaskError } from "@taskwright/shared";
import type { Lease, Settlement, SettleOutcome } from "../backend/index.ts";
import type { Engine } from "./engine.ts";
import type { OpenedBackend } from "./opened-backend.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const LONGEST_TRY_MS = 10 * 60_000;

/**
 * Stores an attempt's outcome, again and again while the store is unavailable, for at most ten minutes.
 *
 * Repeating is safe: an outcome that was stored after all, or whose lease has passed on, answers `lease-lost`. When the
 * store stays away the lease expires and the attempt counts as lost.
 */
export function settleSafely(
  engine: Engine,
  opened: OpenedBackend,
  item: { readonly lease: Lease; readonly settlement: Settlement },
): Promise<SettleOutcome> {
  return opened.settlements
    .add(item)
    .catch((error: unknown) => settleLater(engine, opened, { ...item, error }));
}

async function settleLater(
  engine: Engine,
  opened: OpenedBackend,
  item: { readonly lease: Lease; readonly settlement: Settlement; readonly error: unknown },
): Promise<SettleOutcome> {
  const { lease, settlement } = item;
  const giveUpAt = engine.host.monotonicTime() + LONGEST_TRY_MS;
  let { error } = item;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const facts = { err: error, id: lease.id, status: settlement.status };
    const isTooLate = opened.isClosed || engine.host.monotonicTime() + pause > giveUpAt;
    if (isTooLate || !isTaskError(error, "BACKEND_UNAVAILABLE")) {
      engine.logger.error(facts, "An attempt's outcome could not be stored; the attempt will count as lost.");
      return { outcome: "lease-lost" };
    }
    engine.logger.warn(facts, "The store is unavailable; an attempt's outcome is kept and stored later.");
    await new Promise<void>((resolve) => {
      engine.host.setTimer(pause, resolve, { keepAlive: true });
    });
    try {
      return await opened.settlements.add({ lease, settlement });
    } catch (next) {
      error = next;
    }
  }
}
