import type { DeadLetter } from "../backend/index.ts";
import type { OpenedBackend } from "./opened-backend.ts";

/** How long a task may be due without having been run before its dead letter is taken for the reason. */
const STALE_MS = 600_000;
const PAGE = 100;
/** The most pages one call reads; most letters are of tasks that have ended, and stay for people to see. */
const MOST_PAGES = 10;

/** Those whose task still waits, long after it was due: nobody will deliver it any more. */
async function strandedOf(
  { backend, clock }: OpenedBackend,
  letters: readonly DeadLetter[],
): Promise<readonly DeadLetter[]> {
  const ids = letters.map(({ taskId }) => taskId).filter((id) => id !== null);
  const records = ids.length === 0 ? [] : await backend.store.get({ ids });
  const stranded = new Set(
    records.flatMap((record) =>
      record?.status === "READY" && record.runAfter <= clock.now() - STALE_MS ? [record.id] : [],
    ),
  );
  return letters.filter(({ taskId }) => taskId !== null && stranded.has(taskId));
}

/**
 * Sends the tasks anew that a backend has given up on and nobody was told of, as the webhook was away for longer than it
 * tries; resolves to how many. Those that have ended are left alone.
 */
export async function recoverDeadLetters(opened: OpenedBackend, signal?: AbortSignal): Promise<number> {
  const { deadLetters, delivery } = opened.backend;
  if (deadLetters === undefined || delivery?.keepsResults !== true) return 0;
  let recovered = 0;
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES && signal?.aborted !== true; page++) {
    const found: Awaited<ReturnType<typeof deadLetters.list>> = await deadLetters.list({
      limit: PAGE,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const { id } of await strandedOf(opened, found.deadLetters)) {
      await deadLetters.redrive(id);
      recovered++;
    }
    cursor = found.nextCursor;
    if (cursor === null) break;
  }
  return recovered;
}
