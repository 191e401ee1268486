import { type Duration, durationToMs, TaskError } from "@taskwright/shared";

const SHORTEST_MS = 50;
const LONGEST_MS = 30_000;

/** How seldom a database is asked for news. */
export interface PollOptions {
  /**
   * How long a process that waits, and that nobody tells of changes, may go without looking: "50ms" to "30s". Longer ones
   * are for databases that sleep while nobody asks.
   * @default "1s"
   */
  readonly maxPollInterval?: Duration;
}

/** Checks the option; throws INVALID_OPTION. */
export function longestPollMs({ maxPollInterval = "1s" }: PollOptions): number {
  const ms = durationToMs(maxPollInterval, "maxPollInterval");
  if (ms >= SHORTEST_MS && ms <= LONGEST_MS) return ms;
  throw new TaskError({
    code: "INVALID_OPTION",
    message: 'maxPollInterval must be from "50ms" to "30s".',
    data: { option: "maxPollInterval" },
  });
}
