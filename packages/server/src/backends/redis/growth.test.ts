import { expect, test } from "vitest";
import { opened } from "../../../../../test/harness/redis-calls.ts";
import { startRedis } from "../../../../../test/harness/redis-process.ts";
import { onRedis } from "../../../../../test/harness/redis-server.ts";
import { aTask, claim, enqueue, NOW, succeed } from "../../../../../test/harness/sqlite-store.ts";
import type { Backend, ClaimedTask } from "../../backend/index.ts";
import { redisBackend } from "./index.ts";

const COUNT = 200_000;
const BATCH = 1_000;
/** Five bytes for each task: whatever is left of every one takes more. The rest is what the allocator has not given back. */
const ALLOWED_GROWTH_BYTES = 5 * COUNT;
/** Redis makes its own tables smaller bit by bit, beside what it is asked. */
const PATIENCE_MS = 30_000;

/** Without what connections hold, whose buffers stay large for a while after a large batch. */
async function usedMemory(url: string): Promise<number> {
  const info = await onRedis(url, async (redis) => {
    await redis.call("memory", "purge");
    return redis.info("memory");
  });
  const bytes = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1]);
  return bytes("used_memory") - bytes("mem_clients_normal");
}

async function endAll(backend: Backend, claimed: readonly ClaimedTask[]): Promise<void> {
  const settlement = { status: "SUCCESSFUL", output: '"done"' } as const;
  await backend.leases?.settle({ items: claimed.map((lease) => ({ lease, settlement })), now: NOW });
}

async function purgeAll(backend: Backend): Promise<number> {
  const request = {
    statuses: ["SUCCESSFUL"],
    finishedBefore: NOW,
    limit: BATCH,
    dryRun: false,
    now: NOW,
  } as const;
  let purged = 0;
  for (;;) {
    const answer = await backend.maintenance?.purge(request);
    purged += answer?.purged ?? 0;
    if (answer?.more !== true) return purged;
  }
}

test("after 200,000 tasks were finished and purged, memory and keys are back at their start", {
  timeout: 300_000,
}, async (context) => {
  const server = await startRedis(context);
  const backend = await opened(redisBackend({ url: server.url }));
  // What the first use leaves for ever: scripts, counters, and the group.
  await enqueue(backend);
  await endAll(backend, await claim(backend));
  await purgeAll(backend);
  const keys = () => server.cli("keys", "*") as Promise<string[]>;
  const [memoryBefore, keysBefore] = [await usedMemory(server.url), (await keys()).sort()];

  for (let stored = 0; stored < COUNT; stored += BATCH) {
    const tasks = Array.from({ length: BATCH }, (_, n) =>
      aTask({ runAfter: n % 10 === 0 ? NOW + 1 : NOW, priority: n % 3 }),
    );
    await backend.store.enqueue({ tasks, atomic: true, now: NOW });
  }
  const full = await usedMemory(server.url);
  let ended = 0;
  for (;;) {
    const claimed = await claim(backend, NOW + 1, BATCH);
    if (claimed.length === 0) break;
    await endAll(backend, claimed);
    ended += claimed.length;
  }
  expect(ended).toBe(COUNT);
  expect(await purgeAll(backend)).toBe(COUNT);

  expect((await keys()).sort()).toEqual(keysBefore);
  let growth = Number.POSITIVE_INFINITY;
  const growthNow = async () => {
    growth = (await usedMemory(server.url)) - memoryBefore;
    return growth;
  };
  await expect.poll(growthNow, { timeout: PATIENCE_MS, interval: 200 }).toBeLessThan(ALLOWED_GROWTH_BYTES);
  context.annotate(
    `${Math.round((full - memoryBefore) / 1024)} KiB with all of them, ${Math.round(growth / 1024)} KiB more than at the start afterwards`,
  );
});

test("a stream that never runs empty holds what waits and runs, and no more", {
  timeout: 60_000,
}, async (context) => {
  const server = await startRedis(context);
  const backend = await opened(redisBackend({ url: server.url }));
  for (let round = 0; round < 50; round++) {
    await backend.store.enqueue({
      tasks: Array.from({ length: 100 }, () => aTask()),
      atomic: true,
      now: NOW,
    });
    await endAll(backend, await claim(backend, NOW, round === 0 ? 50 : 100));
  }
  expect(await server.cli("xlen", "{taskwright:0}:ready:0:9:mail.send:default")).toBe(50);
});

test("the server lets records expire only after their end, and the next purge forgets them", {
  timeout: 60_000,
}, async (context) => {
  const server = await startRedis(context);
  const backend = await opened(redisBackend({ url: server.url, resultTtl: "2s", completedTaskTtl: "1s" }));
  const delayed = await enqueue(backend, { runAfter: NOW + 3_600_000 });
  const running = await enqueue(backend);
  await claim(backend);
  const [good, cancelled] = [await enqueue(backend), await enqueue(backend)];
  await backend.store.cancel({ id: cancelled, now: NOW });
  const [lease] = await claim(backend);
  if (lease !== undefined) await succeed(backend, lease);
  const ttls = await onRedis(server.url, (redis) =>
    Promise.all([delayed, running, good, cancelled].map((id) => redis.pttl(`{taskwright:0}:task:${id}`))),
  );
  expect(ttls.slice(0, 2)).toEqual([-1, -1]);
  expect(ttls[2]).toBeLessThanOrEqual(1_000);
  expect(ttls[3]).toBeLessThanOrEqual(2_000);
  expect(Math.min(...ttls.slice(2))).toBeGreaterThan(0);
  await expect
    .poll(
      async () => (await backend.store.get({ ids: [good, cancelled] })).every((record) => record === null),
      { timeout: 10_000 },
    )
    .toBe(true);
  const counts = (now: number) => backend.inspector?.countByQueue({ now });
  expect(await counts(NOW)).toMatchObject([{ successful: 1, cancelled: 1, later: 1, running: 1 }]);
  await backend.maintenance?.purge({
    statuses: [],
    finishedBefore: 0,
    limit: 10,
    dryRun: false,
    now: NOW + 2_001,
  });
  expect(await counts(NOW)).toMatchObject([{ successful: 0, cancelled: 0, later: 1, running: 1 }]);
  expect((await backend.store.get({ ids: [delayed, running] })).map((record) => record?.status)).toEqual([
    "READY",
    "RUNNING",
  ]);
});
