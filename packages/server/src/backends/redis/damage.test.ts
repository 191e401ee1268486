import { expect, type TestContext, test } from "vitest";
import { clientThatRuns, opened } from "../../../../../test/harness/redis-calls.ts";
import { type RedisProcess, startRedis } from "../../../../../test/harness/redis-process.ts";
import { aTask, claim, enqueue, LEASE_MS, NOW, succeed } from "../../../../../test/harness/sqlite-store.ts";
import type { Backend, SweepAnswer } from "../../backend/index.ts";
import { redisBackend } from "./index.ts";

const T = "{taskwright:0}:";
const GROUP = "9:mail.send:default";
const STREAM = `${T}ready:0:${GROUP}`;
const PATIENCE = { timeout: 60_000 };

async function openStore(context: TestContext): Promise<{ server: RedisProcess; backend: Backend }> {
  const server = await startRedis(context);
  return { server, backend: await opened(redisBackend({ url: server.url })) };
}

function sweep(backend: Backend, now = NOW): Promise<SweepAnswer | undefined> {
  const words = { type: "LEASE_EXPIRED", message: "lost" } as const;
  const request = { maxLostAttempts: 3, lost: words, poisoned: words, expired: words, limit: 100, now };
  return Promise.resolve(backend.maintenance?.sweep(request));
}

async function claimedIds(backend: Backend, now = NOW): Promise<readonly string[]> {
  return (await claim(backend, now)).map(({ id }) => id);
}

test(
  "after FLUSHALL and SCRIPT FLUSH in the middle, leases are lost and new tasks run",
  PATIENCE,
  async (context) => {
    const { server, backend } = await openStore(context);
    await enqueue(backend, { id: "running" });
    const [running] = await claim(backend);
    if (running === undefined) throw new Error("It was not claimed.");
    const waiting = await enqueue(backend);
    await server.cli("script", "flush");
    await server.cli("flushall");
    expect(await succeed(backend, running)).toEqual({ outcome: "lease-lost" });
    expect(await sweep(backend, NOW + 2 * LEASE_MS)).toMatchObject({ returned: 0, finished: [] });
    expect(await backend.store.get({ ids: [waiting] })).toEqual([null]);
    // The same ids again: an old token must not do for the new leases.
    await enqueue(backend, { id: "running" });
    const [again] = await claim(backend);
    expect(again).toMatchObject({ id: "running", attempts: 1 });
    expect(again?.token).not.toBe(running.token);
    expect(await succeed(backend, running)).toEqual({ outcome: "lease-lost" });
    expect(again && (await succeed(backend, again))).toMatchObject({ outcome: "applied" });
  },
);

test("SCRIPT FLUSH between calls changes nothing", PATIENCE, async (context) => {
  const { server, backend } = await openStore(context);
  const flush = () => server.cli("script", "flush");
  await flush();
  const id = await enqueue(backend);
  await flush();
  const [claimed] = await claim(backend);
  await flush();
  expect(claimed && (await succeed(backend, claimed))).toMatchObject({ outcome: "applied" });
  expect((await backend.store.get({ ids: [id] }))[0]?.status).toBe("SUCCESSFUL");
});

test(
  "a group of consumers that is destroyed is made again: what was undelivered runs once, what runs ends",
  PATIENCE,
  async (context) => {
    const { server, backend } = await openStore(context);
    const [first, second] = [await enqueue(backend), await enqueue(backend)];
    const [claimed] = await claim(backend, NOW, 1);
    expect(claimed?.id).toBe(first);
    await server.cli("xgroup", "destroy", STREAM, "taskwright");
    expect(await claimedIds(backend)).toEqual([second]);
    expect(claimed && (await succeed(backend, claimed))).toMatchObject({ outcome: "applied" });
    expect(await server.cli("xlen", STREAM)).toBe(1);
    expect(await claimedIds(backend)).toEqual([]);
  },
);

test.for([
  ["an entry of the stream", ["xdel"]],
  ["the stream", ["del", STREAM]],
  ["the sources of the group", ["del", `${T}sources:${GROUP}`]],
  ["the order of the groups", ["del", `${T}heads`]],
  ["what came out of order", ["del", `${T}back:${GROUP}`]],
  ["what waits for its time", ["del", `${T}later:${GROUP}`]],
  ["the times of the groups", ["del", `${T}later`]],
  ["the leases", ["del", `${T}leases`]],
  ["the expiries", ["del", `${T}expiring`]],
] as const)(
  "%s, deleted by hand, is mended by the sweep: all runs once",
  PATIENCE,
  async ([, deletion], context) => {
    const { server, backend } = await openStore(context);
    await enqueue(backend, { id: "running" });
    await claim(backend);
    await enqueue(backend, { id: "returned" });
    const [returned] = await claim(backend);
    if (returned === undefined) throw new Error("It was not claimed.");
    await backend.leases?.release({ items: [{ lease: returned, when: "now", started: false }], now: NOW });
    await enqueue(backend, { id: "late", runAfter: NOW + 1_000, rank: NOW + 1_000 });
    await enqueue(backend, {
      id: "expiring",
      expiresAt: NOW + 5,
      queue: "other",
      runAfter: NOW + 1,
      rank: NOW + 1,
    });
    await enqueue(backend, { id: "due" });
    if (deletion[0] === "xdel") {
      const [, [last]] = (await server.cli("xrange", STREAM, "-", "+")) as [unknown, [string]];
      expect(await server.cli("xdel", STREAM, last)).toBe(1);
    } else expect(await server.cli(...(deletion as unknown as [string, string]))).toBe(1);
    await claimedIds(backend, NOW - 1);
    await sweep(backend, NOW);
    expect((await sweep(backend, NOW + 10))?.finished.map(({ id }) => id)).toEqual(["expiring"]);
    expect(await claimedIds(backend, NOW + 2_000)).toEqual(["returned", "due", "late"]);
    expect(await claimedIds(backend, NOW + 2_000)).toEqual([]);
    expect(await sweep(backend, NOW + 2 * LEASE_MS + 2_001)).toMatchObject({ returned: 4 });
    const found = await backend.store.get({ ids: ["running", "returned", "due", "late"] });
    expect(found.map((record) => [record?.status, record?.attempts])).toEqual(found.map(() => ["READY", 1]));
  },
);

test(
  "records deleted by hand leave nothing behind: those that wait at the claim or the sweep, those that run at the end of their lease",
  PATIENCE,
  async (context) => {
    const { server, backend } = await openStore(context);
    await enqueue(backend, { id: "running" });
    const [running] = await claim(backend);
    await enqueue(backend, { id: "late", runAfter: NOW + 1_000 });
    await enqueue(backend, { id: "due" });
    await server.cli(
      "del",
      ...(["running", "late", "due"].map((id) => `${T}task:${id}`) as [string, string, string]),
    );
    expect(await claimedIds(backend)).toEqual([]);
    expect(running && (await succeed(backend, running))).toEqual({ outcome: "lease-lost" });
    await sweep(backend, NOW + 2 * LEASE_MS);
    expect(await claimedIds(backend, NOW + 2 * LEASE_MS)).toEqual([]);
    expect(await backend.inspector?.countByQueue({ now: NOW })).toMatchObject([
      { due: 0, later: 0, running: 0 },
    ]);
    const left = (await server.cli("keys", `${T}*`)) as string[];
    const kept = ["audit", "groups", "running", "seq", "tokens", "version"].map((name) => T + name);
    expect(left.filter((key) => !kept.includes(key))).toEqual([]);
  },
);

test(
  "a store of a thousand groups and tasks is looked through page by page, and all are found",
  PATIENCE,
  async (context) => {
    const { server, backend } = await openStore(context);
    const tasks = Array.from({ length: 1_000 }, (_, n) => aTask({ queue: `queue ${n % 100}` }));
    await backend.store.enqueue({ tasks, atomic: true, now: NOW });
    await server.cli("del", `${T}heads`);
    expect(await claimedIds(backend)).toEqual([]);
    for (let sweeps = 0; sweeps < 10; sweeps++) await sweep(backend);
    expect(await server.cli("zcard", `${T}heads`)).toBe(100);
    const ids = (await claim(backend, NOW, 2_000)).map(({ id }) => id);
    expect(ids).toEqual(tasks.map(({ id }) => id));
  },
);

test(
  "a purge forgets the workers of streams that have read nothing for a day and hold nothing",
  PATIENCE,
  async (context) => {
    const { server } = await openStore(context);
    const aDayLater = (script: string) => script.replace("consumer.idle >= 86400000", "consumer.idle >= 0");
    const backend = await opened(redisBackend({ client: clientThatRuns(server.url, aDayLater) }));
    const today = await opened(redisBackend({ url: server.url }));
    for (let n = 0; n < 3; n++) await enqueue(backend);
    const [held] = await claim(backend, NOW, 1);
    await server.cli("xgroup", "createconsumer", STREAM, "taskwright", "gone");
    const purge = { statuses: [], finishedBefore: NOW, limit: 10, dryRun: false, now: NOW };
    const workers = async () =>
      ((await server.cli("xinfo", "consumers", STREAM, "taskwright")) as string[][]).map(([, name]) => name);
    await today.maintenance?.purge(purge);
    expect(await workers()).toEqual(["gone", "worker"]);
    await backend.maintenance?.purge(purge);
    expect(await workers()).toEqual(["worker"]);
    expect(held && (await succeed(backend, held))).toMatchObject({ outcome: "applied" });
  },
);
