import type { LeaseSource, ReleaseRequest } from "../../backend/index.ts";
import { keysOf, type SettleItem } from "../sql/lease-items.ts";
import { claim } from "./claim.ts";
import type { StoreHandle } from "./opened-store.ts";
import { each, endLeases, settle } from "./settle.ts";

/** The lease facet on PostgreSQL. */
export function postgresLeaseSource(handle: StoreHandle): LeaseSource {
  const { statements } = handle;
  const noteLater = (now: number, times: readonly number[]) => {
    for (const time of times) if (time > now) handle.later.note(time);
  };
  const giveBack = async (items: ReleaseRequest["items"], now: number) => {
    const back = items.map(({ lease, started }): [string, SettleItem] => [
      lease.token,
      { ...keysOf(lease), v: 0, n: !started },
    ]);
    const { states } = await endLeases(handle, statements, new Map(back), now);
    if (states.size > 0) handle.later.forget();
    return states;
  };
  return {
    claim: (request) => claim(handle, request),

    begin: async ({ items }) => {
      const wrapped = items.map((lease) => ({ lease }));
      const rows = await each(handle, statements.begin, {
        items: wrapped,
        toJson: ({ lease }) => keysOf(lease),
      });
      return items.map(({ token }) => (rows.has(token) ? "applied" : "lease-lost"));
    },

    renew: async ({ items, now }) => {
      const toJson = ({ lease, duration }: (typeof items)[number]) => ({
        ...keysOf(lease),
        u: now + duration,
      });
      const rows = await each(handle, statements.renew, { items, toJson });
      return items.map(({ lease }) => {
        const row = rows.get(lease.token);
        return row === undefined
          ? { outcome: "lease-lost" }
          : { outcome: "renewed", cancelRequested: row[2] === true };
      });
    },

    settle: async (request) => {
      const { outcomes, endedIds, isAwaited, hasReturned } = await settle(handle, statements, request);
      noteLater(
        request.now,
        request.items.flatMap(({ settlement }) =>
          settlement.status === "READY" ? [settlement.runAfter] : [],
        ),
      );
      handle.wakeups.results(endedIds, isAwaited);
      if (hasReturned) handle.wakeups.readyEverywhere();
      return outcomes;
    },

    release: async ({ items, now }) => {
      const atOnce = items.filter(({ when }) => when === "now");
      const onExpiry = items.filter(({ when }) => when === "on-expiry");
      const [back, kept] = await Promise.all([
        giveBack(atOnce, now),
        each(handle, statements.letExpire, {
          items: onExpiry,
          toJson: ({ lease }) => keysOf(lease),
        }),
      ]);
      if (back.size > 0) handle.wakeups.readyEverywhere();
      handle.wakeups.results(
        atOnce.filter(({ lease }) => (back.get(lease.token) ?? 1) > 1).map(({ lease }) => lease.id),
        "unknown",
      );
      return items.map(({ lease, when }) =>
        (when === "now" ? back : kept).has(lease.token) ? "applied" : "lease-lost",
      );
    },

    progress: async ({ items }) => {
      const toJson = ({ lease, progress }: (typeof items)[number]) => ({ ...keysOf(lease), p: progress });
      const rows = await each(handle, statements.progress, { items, toJson });
      handle.wakeups.results(
        items.map(({ lease }) => lease.id),
        "unknown",
      );
      return items.map(({ lease }) => (rows.has(lease.token) ? "applied" : "lease-lost"));
    },
  };
}
