import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test, vi } from "vitest";
import { temporaryFolder } from "../../../../../test/harness/sqlite-store.ts";
import type { Backend, ListAnswer, TaskFilter } from "../../backend/index.ts";
import { sqliteBackend } from "./index.ts";

const ROWS = 70_000;

vi.setConfig({ testTimeout: 30_000 });

/**
 * A table large enough that no way to look through it is spared: 60,000 SUCCESSFUL after 10,000 of which every tenth is
 * FAILED and the others are READY; of queue "rare" there are 3 at the very beginning.
 */
async function largeTable(): Promise<{ backend: Backend; database: DatabaseSync }> {
  const file = join(temporaryFolder(), "tasks.db");
  const backend = sqliteBackend({ file });
  await backend.open();
  const database = new DatabaseSync(file);
  onTestFinished(async () => {
    database.close();
    await backend.close();
  });
  database.exec(`
    PRAGMA synchronous = OFF;
    WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ${ROWS})
    INSERT INTO taskwright_task (seq, id, path, queue, state, priority, rank, run_after, max_retries, enqueued_at,
      finished_at, codec, parent_id, tags)
    SELECT n, 'task-' || n, 'path', CASE WHEN n <= 3 THEN 'rare' ELSE 'default' END,
      CASE WHEN n > 10000 THEN 3 WHEN n % 10 = 0 THEN 4 ELSE 1 END, 0, n, n, 0, n, n, 'json',
      CASE WHEN n % 35000 = 1 THEN 'parent' END, CASE WHEN n % 20000 = 5 THEN '["a","b"]' END
    FROM number`);
  return { backend, database };
}

function idsWhere(database: DatabaseSync, where: string): string[] {
  const rows = database.prepare(`SELECT id FROM taskwright_task WHERE ${where} ORDER BY seq DESC`).all();
  return rows.map(({ id }) => String(id));
}

async function allPages(backend: Backend, filter: TaskFilter, limit: number): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | null = null;
  do {
    const page: ListAnswer | undefined = await backend.inspector?.list({ filter, cursor, offset: 0, limit });
    pages.push((page?.records ?? []).map(({ id }) => id));
    cursor = page?.nextCursor ?? null;
  } while (cursor !== null);
  return pages;
}

const SELECTIONS: readonly (readonly [TaskFilter, string])[] = [
  [{ statuses: ["FAILED"] }, "state = 4"],
  [{ statuses: ["READY"] }, "state = 1"],
  [{ statuses: ["RUNNING", "CANCELLED"] }, "state IN (2, 5)"],
  [{ queue: "rare" }, "queue = 'rare'"],
  [{ queue: "none" }, "0"],
  [{ tag: "a" }, "tags IS NOT NULL"],
  [{ parentId: "parent" }, "parent_id IS NOT NULL"],
  [{ parentId: "parent", statuses: ["SUCCESSFUL"] }, "parent_id IS NOT NULL AND state = 3"],
  [{ statuses: ["SUCCESSFUL"], tag: "b" }, "state = 3 AND tags IS NOT NULL"],
  [{ statuses: ["SUCCESSFUL", "READY"], queue: "rare" }, "queue = 'rare'"],
  [{ enqueuedFrom: 5, enqueuedBefore: 8 }, "enqueued_at IN (5, 6, 7)"],
];

test("pages are full and hold every match, be it the newest or the oldest of a large table", async () => {
  const { backend, database } = await largeTable();
  for (const [filter, where] of SELECTIONS) {
    const pages = await allPages(backend, filter, 500);
    expect(pages.flat(), where).toEqual(idsWhere(database, where));
    for (const page of pages.slice(0, -1)) expect(page, where).toHaveLength(500);
  }
  const [first] = await allPages(backend, { statuses: ["SUCCESSFUL"] }, 60_000);
  expect(first).toEqual(idsWhere(database, "state = 3"));
});

test("an offset passes over matches however many there are", async () => {
  const { backend, database } = await largeTable();
  const selections = [...SELECTIONS, [{}, "1"], [{ statuses: ["SUCCESSFUL"] }, "state = 3"]] as const;
  for (const [filter, where] of selections) {
    const all = idsWhere(database, where);
    for (const offset of [1, 2, 20_001, 59_998]) {
      const page = await backend.inspector?.list({ filter, cursor: null, offset, limit: 5 });
      expect(
        page?.records.map(({ id }) => id),
        `${where} from ${offset}`,
      ).toEqual(all.slice(offset, offset + 5));
      expect(page?.nextCursor !== null, `${where} from ${offset}`).toBe(all.length > offset + 5);
    }
  }
});

test("the event loop turns while a large table is looked through", async () => {
  const { backend } = await largeTable();
  let turns = 0;
  let isDone = false;
  const listing = allPages(backend, { queue: "none" }, 10).finally(() => {
    isDone = true;
  });
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve));
    turns++;
  }
  await listing;
  expect(turns).toBeGreaterThanOrEqual(3);
});

test("what is purged is the oldest of all queues and states, and counted beforehand", async () => {
  const { backend, database } = await largeTable();
  database.exec("UPDATE taskwright_task SET queue = 'queue-' || (seq % 7) WHERE state >= 3");
  const request = {
    statuses: ["SUCCESSFUL", "FAILED"] as const,
    finishedBefore: 60_000,
    limit: 2_500,
    now: ROWS,
  };
  const finished = idsWhere(database, "state >= 3 AND finished_at <= 60000").reverse();
  const counted = await backend.maintenance?.purge({ ...request, limit: ROWS, dryRun: true });
  expect(counted).toEqual({ purged: finished.length, more: false });
  expect(await backend.maintenance?.purge({ ...request, dryRun: true })).toEqual({
    purged: 2_500,
    more: true,
  });
  expect(await backend.maintenance?.purge({ ...request, dryRun: false })).toEqual({
    purged: 2_500,
    more: true,
  });
  expect(idsWhere(database, "state >= 3 AND finished_at <= 60000").reverse()).toEqual(finished.slice(2_500));
});
