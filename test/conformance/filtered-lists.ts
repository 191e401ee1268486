import type { IndexAnswer, ListAnswer, ListRequest, TaskFilter } from "@taskwright/server/backend";
import { expect } from "vitest";
import { DAY, START, type StoreUnderTest } from "./store-under-test.ts";

/** How long an index is kept that nobody uses. */
export const KEEP_FOR = 30 * DAY;

/** Does one round of the index's upkeep; null where there is none. */
export function indexOnce(store: StoreUnderTest, limit = 1_000, now = START): Promise<IndexAnswer> | null {
  return store.backend.maintenance?.indexInputs?.({ limit, keepFor: KEEP_FOR, now }) ?? null;
}

/** Brings the index up to date, where there is one that somebody has asked for. */
export async function fillIndex(store: StoreUnderTest, now: number = START): Promise<void> {
  for (let rounds = 0; rounds < 1_000; rounds++) {
    const answer = await indexOnce(store, 1_000, now);
    if (answer === null || (!answer.more && answer.indexed === 0)) return;
  }
  throw new Error("The index is never up to date.");
}

/** Every match, over all pages. */
export async function listed(
  store: StoreUnderTest,
  filter: TaskFilter,
  given: Partial<ListRequest> = {},
): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < 10_000; pages++) {
    const answer: ListAnswer = await store.inspector.list({
      offset: 0,
      limit: 100,
      ...given,
      filter,
      cursor,
    });
    ids.push(...answer.records.map(({ id }) => id));
    if (answer.nextCursor === null) return ids;
    expect(answer.nextCursor).not.toBe(cursor);
    cursor = answer.nextCursor;
  }
  throw new Error("The pages do not end.");
}
