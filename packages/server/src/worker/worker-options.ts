import { checkOptionNames, type Duration, durationToMs, TaskError } from "@taskwright/shared";
import { DEFAULT_RETENTION, type Retention } from "../core/upkeep.ts";

/** What `createWorker` takes. */
export interface WorkerOptions {
  /** The server's backend to work on. @default "default" */
  readonly backend?: string;
  /** Queues to work on, one or several. @default all */
  readonly queues?: string | readonly string[];
  /** How many handlers run at once, 1 to 10000. @default 10 */
  readonly concurrency?: number;
  /** Names this worker in task results; 1 to 100 characters. @default host, process and a counter */
  readonly id?: string;
  /** How often to look for due tasks when nothing wakes the worker, 100ms to 1h. @default "1s", or what the backend says */
  readonly interval?: Duration;
  /** How often to return expired leases, 1s to 1h. @default "30s", or what the backend says */
  readonly claimInterval?: Duration;
  /** Stop after this many attempts; 0 for no limit. @default 0 */
  readonly maxTasks?: number;
  /** Stop when nothing is due and nothing runs, or when the store has been away for a minute. @default false */
  readonly once?: boolean;
  /** How long `stop()` lets handlers finish before their signal aborts. @default "20s" */
  readonly shutdownTimeout?: Duration;
  /** How long finished task results are kept; false for ever. */
  readonly retention?: {
    /** @default "7d" */
    readonly successful?: Duration | false;
    /** FAILED and CANCELLED. @default "30d" */
    readonly failed?: Duration | false;
  };
}

/** {@link WorkerOptions} with every default, checked. */
export interface ResolvedWorkerOptions {
  readonly backend: string;
  readonly queues: readonly string[] | "all";
  readonly concurrency: number;
  readonly id: string | null;
  /** Null leaves it to the backend. */
  readonly intervalMs: number | null;
  /** Null leaves it to the backend. */
  readonly claimIntervalMs: number | null;
  readonly maxTasks: number;
  readonly once: boolean;
  readonly shutdownTimeoutMs: number;
  readonly retention: Retention;
}

const NAMES = [
  "backend",
  "queues",
  "concurrency",
  "id",
  "interval",
  "claimInterval",
  "maxTasks",
  "once",
  "shutdownTimeout",
  "retention",
];

function invalid(option: string, expected: string): TaskError {
  return new TaskError({
    code: "INVALID_OPTION",
    message: `${option} must be ${expected}.`,
    data: { option },
  });
}

function integer(value: number, option: string, range: { min: number; max: number }): number {
  if (Number.isInteger(value) && value >= range.min && value <= range.max) return value;
  throw invalid(option, `an integer from ${range.min} to ${range.max}`);
}

function flag(value: boolean, option: string): boolean {
  if (typeof value === "boolean") return value;
  throw invalid(option, "true or false");
}

function between(
  value: Duration,
  option: string,
  range: { minMs: number; maxMs: number; shown: string },
): number {
  const ms = durationToMs(value, option);
  if (ms >= range.minMs && ms <= range.maxMs) return ms;
  throw invalid(option, `a duration from ${range.shown}`);
}

function queuesOf(queues: WorkerOptions["queues"]): readonly string[] | "all" {
  if (queues === undefined) return "all";
  const list = typeof queues === "string" ? [queues] : queues;
  if (
    !Array.isArray(list) ||
    list.length === 0 ||
    list.some((name) => typeof name !== "string" || name === "")
  ) {
    throw invalid("queues", "one queue name, or an array of at least one");
  }
  return [...new Set(list)];
}

function keepMs(value: Duration | false | undefined, option: string, fallback: number | null): number | null {
  if (value === undefined) return fallback;
  return value === false ? null : durationToMs(value, option);
}

/** Checks a worker's options; throws INVALID_OPTION. */
export function resolveWorkerOptions(options: WorkerOptions): ResolvedWorkerOptions {
  checkOptionNames(options, "createWorker()", NAMES);
  if (options.retention !== undefined)
    checkOptionNames(options.retention, "retention", ["successful", "failed"]);
  if (
    options.id !== undefined &&
    !(typeof options.id === "string" && /^[\x21-\x7e]{1,100}$/.test(options.id))
  ) {
    throw invalid("id", "1 to 100 printable ASCII characters without spaces");
  }
  return {
    backend: options.backend ?? "default",
    queues: queuesOf(options.queues),
    concurrency: integer(options.concurrency ?? 10, "concurrency", { min: 1, max: 10_000 }),
    id: options.id ?? null,
    intervalMs:
      options.interval === undefined
        ? null
        : between(options.interval, "interval", { minMs: 100, maxMs: 3_600_000, shown: "100ms to 1h" }),
    claimIntervalMs:
      options.claimInterval === undefined
        ? null
        : between(options.claimInterval, "claimInterval", {
            minMs: 1_000,
            maxMs: 3_600_000,
            shown: "1s to 1h",
          }),
    maxTasks: integer(options.maxTasks ?? 0, "maxTasks", { min: 0, max: Number.MAX_SAFE_INTEGER }),
    once: flag(options.once ?? false, "once"),
    shutdownTimeoutMs: durationToMs(options.shutdownTimeout ?? "20s", "shutdownTimeout"),
    retention: {
      successfulMs: keepMs(
        options.retention?.successful,
        "retention.successful",
        DEFAULT_RETENTION.successfulMs,
      ),
      failedMs: keepMs(options.retention?.failed, "retention.failed", DEFAULT_RETENTION.failedMs),
    },
  };
}
