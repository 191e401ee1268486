import type { Maintenance, PurgeRequest, SweepError, SweepRequest, TaskRecord } from "../../backend/index.ts";
import type { StoreHandle } from "./opened-store.ts";
import { type RecordFields, toRecord } from "./record-text.ts";
import { COUNT_OLD, PURGE } from "./scripts/purge.ts";
import { SWEEP } from "./scripts/sweep.ts";

/** Rarer than elsewhere, as a sweep of nothing is a command for each partition. */
const SWEEP_ON_CLUSTER_EVERY_MS = 120_000;

/** An error's JSON up to the attempt's number; its worker and its time are added by the script. */
function errorBeginning({ type, message }: SweepError): string {
  const known = JSON.stringify({ type, exceptionClass: type, message, stack: null });
  return `${known.slice(0, -1)},"attempt":`;
}

async function sweepIn(handle: StoreHandle, partition: string, request: SweepRequest, limit: number) {
  const { maxLostAttempts, lost, poisoned, expired, now } = request;
  const [returned, more, ...ended] = await handle.run<
    readonly [number, number, ...(string | RecordFields)[]]
  >(SWEEP, partition, [
    ...handle.endingArguments(now),
    limit,
    maxLostAttempts,
    ...[lost, poisoned, expired].map(errorBeginning),
    `,"at":${JSON.stringify(new Date(now).toISOString())}}`,
  ]);
  const finished: TaskRecord[] = [];
  for (let at = 0; at < ended.length; at += 2) {
    const record = toRecord(ended[at] as string, ended[at + 1] as RecordFields);
    if (record !== null) finished.push(record);
  }
  return { returned, finished, more: more === 1 };
}

function purgeArguments(handle: StoreHandle, request: PurgeRequest, limit: number) {
  const { statuses, finishedBefore, now } = request;
  const most = Math.min(limit, Number.MAX_SAFE_INTEGER);
  return [...handle.endingArguments(now), Math.floor(finishedBefore), most, [...new Set(statuses)].join(" ")];
}

/** Sweeps and purges one partition after the other, each in one script. */
export function redisMaintenance(handle: StoreHandle): Maintenance {
  return {
    get sweepEveryMs() {
      return handle.partitions.keys.length > 1 ? SWEEP_ON_CLUSTER_EVERY_MS : undefined;
    },

    sweep: async (request) => {
      const finished: TaskRecord[] = [];
      let returned = 0;
      let more = false;
      for (const key of handle.partitions.keys) {
        const left = request.limit - returned - finished.length;
        if (left <= 0) return { returned, finished, more: true };
        const answer = await sweepIn(handle, key, request, left);
        returned += answer.returned;
        finished.push(...answer.finished);
        more ||= answer.more;
      }
      if (returned > 0) handle.wakeups.ready();
      handle.wakeups.results(finished.map(({ id }) => id));
      return { returned, finished, more };
    },

    purge: async (request) => {
      let purged = 0;
      let more = false;
      for (const key of handle.partitions.keys) {
        const left = request.limit - purged;
        if (left <= 0) return { purged, more: true };
        const script = request.dryRun ? COUNT_OLD : PURGE;
        const [count, isMore] = await handle.run<readonly [number, number]>(
          script,
          key,
          purgeArguments(handle, request, left),
        );
        purged += count;
        more ||= isMore === 1;
      }
      return { purged, more };
    },
  };
}
