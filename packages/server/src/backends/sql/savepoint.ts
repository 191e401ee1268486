const NAME = "taskwright_enqueue";

/**
 * Runs statements in a transaction of a caller's so that all of them are undone when one fails, for databases that undo
 * only the one that failed: a caller that goes on and commits must not keep half of what they do.
 *
 * @param run runs one plain statement in the transaction
 */
export async function allOrNone<T>(
  run: (text: string) => Promise<unknown>,
  work: () => Promise<T>,
): Promise<T> {
  await run(`SAVEPOINT ${NAME}`);
  let result: T;
  try {
    result = await work();
  } catch (error) {
    // Where that fails too, the transaction is over, and with it everything.
    await run(`ROLLBACK TO SAVEPOINT ${NAME}`).catch(() => undefined);
    throw error;
  }
  await run(`RELEASE SAVEPOINT ${NAME}`);
  return result;
}
