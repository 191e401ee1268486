import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  claim,
  enqueue,
  NOW,
  refusal,
  succeed,
  temporaryFolder,
} from "../../../../../test/harness/sqlite-store.ts";
import type { Backend } from "../../backend/index.ts";
import { sqliteBackend } from "./index.ts";

async function openIn(folder: string): Promise<{ backend: Backend; file: string }> {
  const file = join(folder, "tasks.db");
  const backend = sqliteBackend({ file });
  await backend.open();
  onTestFinished(() => backend.close());
  return { backend, file };
}

const SWEEP = {
  maxLostAttempts: 3,
  lost: { type: "LEASE_EXPIRED", message: "lost" },
  poisoned: { type: "LEASE_EXPIRED", message: "poisoned" },
  expired: { type: "EXPIRED", message: "expired" },
  limit: 10,
  now: NOW,
} as const;

/** What a process does with its store, reads among it: an old answer from a deleted file would be a wrong one. */
function everyUse(backend: Backend, lease: { id: string; token: string }): Record<string, () => unknown> {
  const { store, leases, maintenance, inspector } = backend;
  return {
    enqueue: () => enqueue(backend),
    get: () => store.get({ ids: [lease.id] }),
    cancel: () => store.cancel({ id: lease.id, now: NOW }),
    requeue: () => store.requeue({ id: lease.id, runAfter: NOW, rank: NOW, now: NOW }),
    delete: () => store.delete({ ids: [lease.id] }),
    claim: () => claim(backend),
    settle: () => succeed(backend, lease),
    renew: () => leases?.renew({ items: [{ lease, duration: 1 }], now: NOW }),
    release: () => leases?.release({ items: [{ lease, started: true, when: "now" }], now: NOW }),
    progress: () => leases?.progress({ items: [{ lease, progress: "0.5" }], now: NOW }),
    sweep: () => maintenance?.sweep(SWEEP),
    purge: () =>
      maintenance?.purge({ statuses: ["FAILED"], finishedBefore: NOW, limit: 9, dryRun: false, now: NOW }),
    list: () => inspector?.list({ filter: {}, cursor: null, offset: 0, limit: 9 }),
    countByQueue: () => inspector?.countByQueue({ now: NOW }),
  };
}

async function claimedOne(backend: Backend): Promise<{ id: string; token: string }> {
  await enqueue(backend);
  const [claimed] = await claim(backend);
  if (claimed === undefined) throw new Error("Nothing was claimed.");
  return claimed;
}

async function expectEachRefused(backend: Backend, lease: { id: string; token: string }, words: string) {
  for (const [name, use] of Object.entries(everyUse(backend, lease))) {
    const error = await refusal(use);
    expect(error.code, name).toBe("BACKEND_UNAVAILABLE");
    expect(error.message, name).toContain(words);
  }
  const findings = await backend.diagnose();
  expect(findings).toEqual([{ level: "error", message: expect.stringContaining(words) }]);
}

// A file that is open cannot be deleted or renamed on Windows.
const testOnUnix = test.skipIf(process.platform === "win32");

testOnUnix("nothing is read from or written to a file that was deleted", async () => {
  const { backend, file } = await openIn(temporaryFolder());
  const lease = await claimedOne(backend);
  rmSync(file);
  await expectEachRefused(
    backend,
    lease,
    `${file} was deleted or moved while it was open; nothing was stored.`,
  );
  expect(existsSync(file)).toBe(false);
});

testOnUnix("an idle claim tells too that the file was deleted", async () => {
  const { backend, file } = await openIn(temporaryFolder());
  rmSync(file);
  expect(await refusal(() => claim(backend))).toMatchObject({ code: "BACKEND_UNAVAILABLE" });
});

testOnUnix(
  "nothing is read from or written to a file that another took the place of, nor to that one",
  async () => {
    const folder = temporaryFolder();
    const { backend, file } = await openIn(folder);
    const lease = await claimedOne(backend);
    const other = sqliteBackend({ file: join(folder, "other.db") });
    await other.open();
    await other.close();
    renameSync(join(folder, "other.db"), file);
    const before = readFileSync(file);
    await expectEachRefused(backend, lease, `${file} was replaced while it was open; nothing was stored.`);
    expect(readFileSync(file).equals(before)).toBe(true);
  },
);

testOnUnix("nothing is written to a WAL that was deleted", async () => {
  const { backend, file } = await openIn(temporaryFolder());
  const lease = await claimedOne(backend);
  rmSync(`${file}-wal`);
  await expectEachRefused(backend, lease, `${file}-wal was deleted or moved while it was open`);
});

testOnUnix("a file that was moved away and put back serves again, with all it had", async () => {
  const { backend, file } = await openIn(temporaryFolder());
  const lease = await claimedOne(backend);
  renameSync(file, `${file}.away`);
  expect(await refusal(() => enqueue(backend))).toMatchObject({ code: "BACKEND_UNAVAILABLE" });
  renameSync(`${file}.away`, file);
  expect(await succeed(backend, lease)).toMatchObject({ outcome: "applied" });
});

testOnUnix("after the deletion, closing and opening begins a new file", async () => {
  const { backend, file } = await openIn(temporaryFolder());
  const lease = await claimedOne(backend);
  rmSync(file);
  rmSync(`${file}-wal`);
  rmSync(`${file}-shm`);
  await backend.close();
  await backend.open();
  expect(await backend.store.get({ ids: [lease.id] })).toEqual([null]);
  await enqueue(backend);
  expect(statSync(file).size + statSync(`${file}-wal`).size).toBeGreaterThan(0);
});

testOnUnix("watchers are woken, and nothing is thrown at the process, when the file vanishes", async () => {
  const folder = temporaryFolder();
  const { backend, file } = await openIn(folder);
  const wakes: Promise<void>[] = [];
  wakes.push(new Promise((resolve) => backend.wakeups?.watchReady({ queues: "all", wake: resolve })));
  copyFileSync(file, join(folder, "copy.db"));
  rmSync(file);
  rmSync(`${file}-wal`);
  const other = sqliteBackend({ file });
  await other.open();
  await enqueue(other);
  await other.close();
  await enqueue(backend).catch(() => undefined);
  backend.wakeups?.watchReady({ queues: "all", wake: () => undefined });
  expect(await refusal(() => claim(backend))).toMatchObject({ code: "BACKEND_UNAVAILABLE" });
});
