import type { Maintenance, SweepAnswer, SweepRequest } from "../../backend/index.ts";
import { maintainInputIndex } from "../sql/input-index.ts";
import { toRecord } from "../sql/row-mapping.ts";
import { STATE } from "../sql/task-state.ts";
import { postgresInputIndex } from "./input-index.ts";
import type { StoreHandle } from "./opened-store.ts";

const MOST_KEYS = 1_000;

async function sweep(handle: StoreHandle, request: SweepRequest): Promise<SweepAnswer> {
  const { now, limit, maxLostAttempts, lost, poisoned, expired } = request;
  const { statements } = handle;
  const at = new Date(now).toISOString();
  const words = [lost.type, lost.message, poisoned.type, poisoned.message];
  const swept = await handle.rows(statements.sweepLost, [now, at, limit, maxLostAttempts, ...words]);
  const left = limit - swept.length;
  const ended =
    left <= 0
      ? []
      : await handle.rows(statements.sweepExpired, [now, at, left, expired.type, expired.message]);
  const seqs = [...swept.filter(([, status]) => Number(status) !== STATE.READY), ...ended].map(([seq]) =>
    Number(seq),
  );
  if (swept.length > 0) handle.later.forget();
  const records = seqs.length === 0 ? [] : await handle.rows(statements.readBySeq, [JSON.stringify(seqs)]);
  if (swept.length > 0) handle.wakeups.readyEverywhere();
  const finished = records.map(toRecord);
  handle.wakeups.results(
    finished.map(({ id }) => id),
    "unknown",
  );
  return {
    returned: swept.length + ended.length - seqs.length,
    finished,
    more: swept.length + ended.length >= limit,
  };
}

/** The maintenance facet on PostgreSQL. */
export function postgresMaintenance(
  handle: StoreHandle,
): Maintenance & Required<Pick<Maintenance, "indexInputs">> {
  const { statements } = handle;
  const inputIndex = postgresInputIndex(handle);
  return {
    sweep: (request) => sweep(handle, request),
    indexInputs: (request) => maintainInputIndex(inputIndex, request),

    purge: async ({ statuses, finishedBefore, limit, dryRun, now }) => {
      if (statuses.length === 0) return { purged: 0, more: false };
      const states = JSON.stringify(statuses.map((status) => STATE[status]));
      const statement = dryRun ? statements.countPurgeable : statements.purge;
      const [row] = await handle.rows(statement, [states, finishedBefore, limit]);
      const purged = Number(row?.[0]);
      if (dryRun) return { purged, more: purged >= limit };
      const [keys] = await handle.rows(statements.purgeKeys, [now, MOST_KEYS]);
      return { purged, more: purged >= limit || (purged === 0 && Number(keys?.[0]) >= MOST_KEYS) };
    },
  };
}
