import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  claim,
  enqueue,
  LEASE_MS,
  NOW,
  succeed,
  temporaryFolder,
} from "../../../../../test/harness/sqlite-store.ts";
import type { Backend, SweepAnswer } from "../../backend/index.ts";
import { sqliteBackend } from "./index.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Two processes' backends on one file; the test gives each its own idea of the time. */
async function twoProcesses(): Promise<{ mine: Backend; others: Backend }> {
  const file = join(temporaryFolder(), "tasks.db");
  const [mine, others] = [sqliteBackend({ file }), sqliteBackend({ file })];
  await Promise.all([mine.open(), others.open()]);
  onTestFinished(async () => {
    await Promise.all([mine.close(), others.close()]);
  });
  return { mine, others };
}

async function sweep(backend: Backend, now: number): Promise<SweepAnswer | undefined> {
  const words = { type: "LEASE_EXPIRED", message: "lost" } as const;
  const request = { maxLostAttempts: 3, lost: words, poisoned: words, expired: words, limit: 10 };
  return backend.maintenance?.sweep({ ...request, now });
}

function idsOf(claimed: readonly { readonly id: string }[]): string[] {
  return claimed.map(({ id }) => id);
}

test("beside a clock an hour behind, a lease stays with its keeper and nothing is taken twice", async () => {
  const { mine, others } = await twoProcesses();
  const id = await enqueue(mine);
  const [lease] = await claim(mine);
  expect(await sweep(others, NOW - HOUR)).toMatchObject({ returned: 0, finished: [] });
  expect(await claim(others, NOW - HOUR)).toEqual([]);
  if (lease === undefined) throw new Error("Nothing was claimed.");
  const later = NOW + LEASE_MS / 3;
  const renewed = await mine.leases?.renew({ items: [{ lease, duration: LEASE_MS }], now: later });
  expect(renewed).toMatchObject([{ outcome: "renewed" }]);
  expect(await succeed(mine, lease, later)).toMatchObject({ outcome: "applied" });
  expect(await others.store.get({ ids: [id] })).toMatchObject([{ status: "SUCCESSFUL", attempts: 1 }]);
});

test("a keeper whose own clock was set back an hour renews by it, and is swept by nobody who agrees", async () => {
  const { mine, others } = await twoProcesses();
  await enqueue(mine);
  const [lease] = await claim(mine);
  if (lease === undefined) throw new Error("Nothing was claimed.");
  const back = NOW - HOUR;
  await mine.leases?.renew({ items: [{ lease, duration: LEASE_MS }], now: back });
  expect(await sweep(others, back + LEASE_MS - 1)).toMatchObject({ returned: 0 });
  expect(await succeed(mine, lease, back + 1)).toMatchObject({ outcome: "applied" });
});

test("what was stored by a clock an hour ahead waits for its time by the clock of who claims, and is not lost", async () => {
  const { mine, others } = await twoProcesses();
  const ahead = NOW + HOUR;
  const id = await enqueue(others, { runAfter: ahead, rank: ahead, enqueuedAt: ahead }, ahead);
  const own = await enqueue(mine);
  expect(idsOf(await claim(mine))).toEqual([own]);
  expect(idsOf(await claim(mine, ahead - 1))).toEqual([]);
  expect(idsOf(await claim(mine, ahead))).toEqual([id]);
});

test("a clock a day ahead brings nothing into the line of others before its time, and takes each once", async () => {
  const { mine, others } = await twoProcesses();
  const delayed = await enqueue(mine, { runAfter: NOW + HOUR, rank: NOW + HOUR });
  const due = await enqueue(mine);
  // One of both, the first in line: the other one has come into line by the other clock only.
  expect(idsOf(await claim(others, NOW + DAY, 1))).toEqual([due]);
  expect(await claim(mine)).toEqual([]);
  const answer = await mine.inspector?.list({
    filter: { statuses: ["READY"] },
    cursor: null,
    offset: 0,
    limit: 9,
  });
  expect(idsOf(answer?.records ?? [])).toEqual([delayed]);
  expect(idsOf(await claim(mine, NOW + HOUR))).toEqual([delayed]);
  expect(await claim(others, NOW + DAY)).toEqual([]);
});

test("a sweep by a clock a day ahead takes a lease away once; the keeper is told, and cannot overwrite the next attempt", async () => {
  const { mine, others } = await twoProcesses();
  const id = await enqueue(mine);
  const [lease] = await claim(mine);
  if (lease === undefined) throw new Error("Nothing was claimed.");
  const ahead = NOW + DAY;
  // Without a sweep, not even that clock claims what is under a lease.
  expect(await claim(others, ahead)).toEqual([]);
  expect(await sweep(others, ahead)).toMatchObject({ returned: 1, finished: [] });
  const [next] = await claim(others, ahead);
  expect(next).toMatchObject({ id, attempts: 2, retriesUsed: 0 });
  if (next === undefined) throw new Error("Nothing was claimed.");

  const renewed = await mine.leases?.renew({ items: [{ lease, duration: LEASE_MS }], now: NOW + 1 });
  expect(renewed).toEqual([{ outcome: "lease-lost" }]);
  expect(await succeed(mine, lease, NOW + 1)).toEqual({ outcome: "lease-lost" });
  // The other way round, the clock behind cannot take it back.
  expect(await sweep(mine, NOW + 1)).toMatchObject({ returned: 0 });
  expect(await claim(mine, NOW + 1)).toEqual([]);
  expect(await succeed(others, next, ahead)).toMatchObject({ outcome: "applied" });
  expect(await mine.store.get({ ids: [id] })).toMatchObject([
    { status: "SUCCESSFUL", attempts: 2, lostAttempts: 1 },
  ]);
});

test("a lease renewed by a clock that jumped forward and back is lost for nobody when the clock is right again", async () => {
  const { mine, others } = await twoProcesses();
  const id = await enqueue(mine);
  const [lease] = await claim(mine, NOW);
  if (lease === undefined) throw new Error("Nothing was claimed.");
  await mine.leases?.renew({ items: [{ lease, duration: LEASE_MS }], now: NOW + DAY });
  // Its keeper dies now. By the right clock its lease ends a day too late at most, and then the task runs again.
  expect(await sweep(others, NOW + DAY + LEASE_MS - 1)).toMatchObject({ returned: 0 });
  expect(await sweep(others, NOW + DAY + LEASE_MS)).toMatchObject({ returned: 1 });
  expect(idsOf(await claim(others, NOW + DAY + LEASE_MS))).toEqual([id]);
});

test("windows of deduplication end by the clock of who enqueues", async () => {
  const { mine, others } = await twoProcesses();
  const deduplication = { key: "k", until: NOW + HOUR };
  const first = await enqueue(mine, { deduplication });
  await enqueue(others, { id: "behind", deduplication }, NOW - HOUR);
  await enqueue(others, { id: "ahead", deduplication }, NOW + DAY);
  const records = await mine.store.get({ ids: [first, "behind", "ahead"] });
  expect(records.map((record) => record?.id ?? null)).toEqual([first, null, "ahead"]);
});
