import type { AttemptLog } from "./attempt-log.ts";
import { cappedText } from "./capped-count.ts";
import type { LogLines } from "./log-lines.ts";

const EVERY_MS = 60_000;

/** What {@link reportWork} looks at. */
export interface WatchedWork {
  readonly log: AttemptLog;
  readonly worker: { readonly id: string; readonly running: number };
  /** How many task results wait that are due; rejects where the store cannot say. */
  countDue(): Promise<number>;
}

/** Logs once a minute how the work goes, as long as there is some; gives what ends it. */
export function reportWork(lines: LogLines, { log, worker, countDue }: WatchedWork): () => void {
  let before = { ...log.counts };
  const report = async () => {
    const { succeeded, retrying, failed, cancelled, released, leaseLost } = log.counts;
    const ended = {
      succeeded: succeeded - before.succeeded,
      retrying: retrying - before.retrying,
      failed: failed - before.failed,
    };
    const others = { cancelled, released, leaseLost };
    const hasEnded =
      Object.values(ended).some((count) => count > 0) ||
      Object.entries(others).some(([name, count]) => count > before[name as keyof typeof others]);
    before = { ...log.counts };
    const { running } = worker;
    if (!hasEnded && running === 0) return;
    const due = await countDue().catch(() => null);
    const done = hasEnded
      ? `${ended.succeeded} successful, ${ended.retrying} to be retried, ${ended.failed} failed`
      : "nothing ended";
    const now = running === 0 ? "none running" : `${running} running: ${log.running()}`;
    const message = `in the last minute ${done}; ${now}${due === null ? "" : `; ${cappedText(due)} due`}`;
    lines.write("info", message, { event: "worker-report", worker: worker.id, ...ended, running, due });
  };
  const timer = setInterval(() => void report(), EVERY_MS);
  return () => clearInterval(timer);
}
