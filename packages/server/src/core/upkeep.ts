import { checkOptionNames, type FinishedStatus, TaskError } from "@taskwright/shared";
import type { PurgeRequest } from "../backend/index.ts";
import type { Engine } from "./engine.ts";
import { MAX_LOST_ATTEMPTS } from "./lost-attempts.ts";
import type { OpenedBackend } from "./opened-backend.ts";
import { reportFailure } from "./report-failure.ts";
import { leaseMsOf } from "./runnable-tasks.ts";
import { MEASURE_EVERY_MS } from "./store-clock.ts";

const SWEEP_LIMIT = 500;
/** What a renewal may come late. */
const SLACK_MS = 5_000;
const DAY_MS = 86_400_000;
const PURGE_BATCH = 1_000;
/** The most batches one call makes, so that no call runs without end beside a fast producer. */
const MOST_BATCHES = 100_000;

/** How long finished task results are kept, in milliseconds; null for ever. */
export interface Retention {
  readonly successfulMs: number | null;
  /** FAILED and CANCELLED. */
  readonly failedMs: number | null;
}

/** What is kept when nothing else is said: 7 days, and 30 days of what went wrong. */
export const DEFAULT_RETENTION: Retention = { successfulMs: 7 * DAY_MS, failedMs: 30 * DAY_MS };

/**
 * How much longer expired leases are left alone after the clock was set, in milliseconds: those of living workers look
 * expired until each has measured the clock and renewed.
 */
function quietMs(engine: Engine, opened: OpenedBackend): number {
  const { clock } = opened;
  clock.now();
  const longestLease = Math.max(0, ...[...engine.tasks.values()].map((task) => leaseMsOf(task, opened)));
  return MEASURE_EVERY_MS + longestLease / 3 + SLACK_MS - clock.steadyForMs;
}

/**
 * Returns what lost its worker, ends what expired; resolves to how many task results changed.
 *
 * It does nothing for a while after the clock was set.
 */
export async function sweep(engine: Engine, opened: OpenedBackend, signal?: AbortSignal): Promise<number> {
  const pauseMs = quietMs(engine, opened);
  if (pauseMs > 0) {
    engine.logger.warn(
      { backend: opened.name, pauseMs: Math.round(pauseMs) },
      "The clock was set; expired leases are left alone until workers have renewed theirs.",
    );
    return 0;
  }
  let changed = 0;
  for (let batch = 0; batch < MOST_BATCHES && signal?.aborted !== true; batch++) {
    const answer = await opened.maintenance.sweep({
      maxLostAttempts: MAX_LOST_ATTEMPTS,
      lost: {
        type: "LEASE_EXPIRED",
        message: "The worker was lost: its lease ended without a sign of life.",
      },
      poisoned: {
        type: "LEASE_EXPIRED",
        message: `The worker was lost at ${MAX_LOST_ATTEMPTS} attempts, so this task is taken to be the cause and given up.`,
      },
      expired: { type: "EXPIRED", message: "It was not started in time." },
      limit: SWEEP_LIMIT,
      now: opened.clock.now(),
    });
    changed += answer.returned + answer.finished.length;
    for (const record of answer.finished) {
      const { id, path, queue, status, attempts } = record;
      const event = { id, path, queue, backend: opened.name };
      const error = record.errors.at(-1);
      if (status === "FAILED" && error !== undefined)
        reportFailure(engine, opened, { ...event, attempt: attempts, error, record });
      else if (status === "CANCELLED") engine.events.emit("cancelled", event);
      engine.events.emit("finished", { ...event, status });
    }
    if (!answer.more) break;
  }
  return changed;
}

/** What {@link purge} takes. */
export interface PurgeOptions {
  /** Only what finished more than this many days ago; 0 for all. @default 7 */
  readonly days?: number;
  /** @default ["SUCCESSFUL", "FAILED"] */
  readonly status?: FinishedStatus | readonly FinishedStatus[];
  /** How many to delete at once, 1 to 100000. @default 1000 */
  readonly batchSize?: number;
  /** Count, and delete nothing. @default false */
  readonly dryRun?: boolean;
  /** @default "default" */
  readonly backend?: string;
  /** Told after each batch how many are purged so far. */
  readonly onProgress?: (purged: number) => void;
}

const PURGE_OPTIONS: readonly (keyof PurgeOptions)[] = [
  "days",
  "status",
  "batchSize",
  "dryRun",
  "backend",
  "onProgress",
];

async function purgeAll(
  opened: OpenedBackend,
  request: Omit<PurgeRequest, "now">,
  parts: { onProgress?: (purged: number) => void; signal?: AbortSignal } = {},
): Promise<number> {
  let purged = 0;
  for (let batch = 0; batch < MOST_BATCHES && parts.signal?.aborted !== true; batch++) {
    const answer = await opened.maintenance.purge({ ...request, now: opened.clock.now() });
    purged += answer.purged;
    parts.onProgress?.(purged);
    // A dry run is one count: nothing is deleted, so a second batch would count the same ones again.
    if (!answer.more || request.dryRun) break;
  }
  return purged;
}

/** Deletes finished task results; resolves to how many, or with `dryRun` to how many there are. */
export async function purge(engine: Engine, options: PurgeOptions): Promise<number> {
  checkOptionNames(options, "purge()", PURGE_OPTIONS);
  const { days = 7, status = ["SUCCESSFUL", "FAILED"], batchSize = PURGE_BATCH, dryRun = false } = options;
  if (!(Number.isFinite(days) && days >= 0 && days <= 36_500)) {
    throw new TaskError({
      code: "INVALID_OPTION",
      message: "days must be a number from 0 to 36500.",
      data: { option: "days" },
    });
  }
  if (!(Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= 100_000)) {
    throw new TaskError({
      code: "INVALID_OPTION",
      message: "batchSize must be an integer from 1 to 100000.",
      data: { option: "batchSize" },
    });
  }
  const statuses = Array.isArray(status) ? status : [status];
  for (const given of statuses) {
    if (given !== "SUCCESSFUL" && given !== "FAILED" && given !== "CANCELLED") {
      throw new TaskError({
        code: "INVALID_OPTION",
        message: "status must be SUCCESSFUL, FAILED or CANCELLED: only finished task results are purged.",
        data: { option: "status" },
      });
    }
  }
  const opened = engine.backend(options.backend ?? "default");
  await opened.use();
  const finishedBefore = Math.floor(opened.clock.now() - days * DAY_MS);
  const limit = dryRun ? Number.MAX_SAFE_INTEGER : batchSize;
  return purgeAll(
    opened,
    { statuses, finishedBefore, limit, dryRun },
    options.onProgress === undefined ? {} : { onProgress: options.onProgress },
  );
}

/** Deletes what has been kept long enough; resolves to how many. */
export async function purgeByRetention(
  opened: OpenedBackend,
  retention: Retention,
  signal: AbortSignal,
): Promise<number> {
  const { successfulMs, failedMs } = retention;
  const rules: readonly (readonly [readonly FinishedStatus[], number | null])[] = [
    [["SUCCESSFUL"], successfulMs],
    [["FAILED", "CANCELLED"], failedMs],
  ];
  let purged = 0;
  for (const [statuses, keepMs] of rules) {
    if (keepMs === null) continue;
    const finishedBefore = opened.clock.now() - keepMs;
    purged += await purgeAll(
      opened,
      { statuses, finishedBefore, limit: PURGE_BATCH, dryRun: false },
      { signal },
    );
  }
  return purged;
}
