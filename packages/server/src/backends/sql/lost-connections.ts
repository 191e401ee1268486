const LONGEST_TRY_MS = 5_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;

/** What a driver's errors say of the connection. */
interface ConnectionErrors {
  /** Whether it ended before the answer came, so that nobody knows whether the statement was carried out. */
  isLost(error: unknown): boolean;
  /** Whether there is none, for now. */
  isAway(error: unknown): boolean;
}

/**
 * Runs what may be done twice, and runs it again for some seconds when the connection is lost before its answer.
 *
 * What could not be sent at all is not repeated: its caller knows that nothing was done.
 */
export async function throughLostConnections<T>(
  run: () => Promise<T>,
  { isLost, isAway }: ConnectionErrors,
): Promise<T> {
  let giveUpAt: number | null = null;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return await run();
    } catch (error) {
      const { cause } = error as { cause?: unknown };
      if (!(giveUpAt === null ? isLost(cause) : isAway(cause))) throw error;
      giveUpAt ??= performance.now() + LONGEST_TRY_MS;
      if (performance.now() + pause > giveUpAt) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
  }
}
