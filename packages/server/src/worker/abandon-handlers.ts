import type { Engine } from "../core/engine.ts";
import type { HeldLease, LeaseKeeper } from "../core/lease-keeper.ts";
import type { OpenedBackend } from "../core/opened-backend.ts";
import { releaseSafely } from "../core/release-safely.ts";

/** Leaves handlers that ignore their signal to themselves; their leases will expire and count as nothing. */
export async function abandonHandlers(
  engine: Engine,
  parts: {
    readonly opened: OpenedBackend;
    readonly keeper: LeaseKeeper;
    readonly held: readonly HeldLease[];
  },
): Promise<void> {
  const { opened, keeper, held } = parts;
  if (held.length === 0) return;
  const paths = [...new Set(held.map(({ claimed }) => claimed.path))];
  engine.logger.warn(
    { tasks: paths, attempts: held.length },
    "Handlers ignored their signal at shutdown; their tasks run again when their leases end.",
  );
  try {
    const items = held.map(({ claimed }) => ({ lease: claimed, started: true, when: "on-expiry" }) as const);
    await releaseSafely(engine.host, opened, items);
  } catch (error) {
    engine.logger.warn(
      { err: error },
      "Leases could not be marked; their expiry will count as lost attempts.",
    );
  }
  for (const { giveUp } of held) giveUp?.();
  for (const lease of held) keeper.drop(lease);
}
