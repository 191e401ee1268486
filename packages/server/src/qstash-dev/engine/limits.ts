import { didYouMean, TaskError } from "@taskwright/shared";

/** What the server refuses; the numbers of a plan, as far as they can be seen from outside. */
export interface QstashLimits {
  /** The longest body of a message in bytes (1 MiB); more is answered 413. */
  readonly messageBytes: number;
  /** The most retries a message may ask for (20); more is answered 412. */
  readonly retries: number;
  /** The longest delay in milliseconds (365 days); more is answered 412. */
  readonly delayMs: number;
  /** The longest time an endpoint has to answer in milliseconds (15 minutes), also where none is asked for. */
  readonly timeoutMs: number;
  /** Messages in 24 hours before publishing is answered 429 with `RateLimit-Limit` (no limit). */
  readonly messagesPerDay: number;
  /** Messages in a second before publishing is answered 429 with `Burst-RateLimit-Limit` (no limit). */
  readonly messagesPerSecond: number;
  /** Deliveries that are on their way at once (100). */
  readonly parallelism: number;
  /** Schedules that may exist (1,000); more is answered 412. */
  readonly schedules: number;
  /** Queues that may exist (1,000); more is answered 412. */
  readonly queues: number;
  /** Messages that may wait for their delivery (100,000); more is answered 429. */
  readonly pendingMessages: number;
  /** Bytes of bodies that may wait (512 MiB); more is answered 429. */
  readonly pendingBytes: number;
}

/** What holds where nothing else is said. */
const DEFAULT_LIMITS: QstashLimits = {
  messageBytes: 1024 * 1024,
  retries: 20,
  delayMs: 365 * 86_400_000,
  timeoutMs: 15 * 60_000,
  messagesPerDay: Number.POSITIVE_INFINITY,
  messagesPerSecond: Number.POSITIVE_INFINITY,
  parallelism: 100,
  schedules: 1_000,
  queues: 1_000,
  pendingMessages: 100_000,
  pendingBytes: 512 * 1024 * 1024,
};

function invalid(option: string, expected: string): TaskError {
  return new TaskError({
    code: "INVALID_OPTION",
    message: `${option} must be ${expected}`,
    data: { option },
  });
}

/** All limits, from those that differ; throws INVALID_OPTION. */
export function resolveLimits(limits: Partial<QstashLimits> = {}): QstashLimits {
  const names = Object.keys(DEFAULT_LIMITS);
  for (const [name, value] of Object.entries(limits)) {
    if (!names.includes(name)) {
      throw invalid("limits", `made of ${names.join(", ")}; it has another name.${didYouMean(name, names)}`);
    }
    if (typeof value !== "number" || !(value >= 0)) throw invalid(`limits.${name}`, "a number of 0 or more.");
  }
  return { ...DEFAULT_LIMITS, ...limits };
}
