import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { clientThatRuns, opened } from "../../../../../test/harness/redis-calls.ts";
import { startRedis } from "../../../../../test/harness/redis-process.ts";
import {
  aTask,
  claim,
  enqueue,
  LEASE_MS,
  NOW,
  refusal,
  succeed,
} from "../../../../../test/harness/sqlite-store.ts";
import type { Backend } from "../../backend/index.ts";
import { redisBackend } from "./index.ts";

const PATIENCE = { timeout: 60_000 };
const SWEEP_WORDS = { type: "LEASE_EXPIRED", message: "lost" } as const;

/** A connection that was there before a script made the server busy. */
function administrator(url: string): Redis {
  const client = new Redis(url);
  onTestFinished(() => client.disconnect());
  return client;
}

function untilBusy(client: Redis): Promise<unknown> {
  return expect.poll(() => client.ping().catch((error: Error) => error.message)).toMatch(/^BUSY/);
}

/** Every call that writes, by name; each would succeed. */
async function callsOf(backend: Backend): Promise<ReadonlyMap<string, () => Promise<unknown>>> {
  for (const id of ["a", "b", "c", "d"]) await enqueue(backend, { id });
  const [a, b, lost] = await claim(backend, NOW, 3);
  if (a === undefined || b === undefined || lost === undefined) throw new Error("They were not claimed.");
  const words = { lost: SWEEP_WORDS, poisoned: SWEEP_WORDS, expired: SWEEP_WORDS };
  return new Map<string, () => Promise<unknown>>([
    ["enqueue", () => enqueue(backend, { id: "e" })],
    ["settle", () => succeed(backend, a)],
    [
      "release",
      async () => backend.leases?.release({ items: [{ lease: b, when: "now", started: true }], now: NOW }),
    ],
    [
      "sweep",
      async () =>
        backend.maintenance?.sweep({ ...words, maxLostAttempts: 3, limit: 10, now: NOW + 2 * LEASE_MS }),
    ],
    ["claim", () => claim(backend)],
    ["cancel", () => backend.store.cancel({ id: "e", now: NOW })],
  ]);
}

test(
  "a server whose memory is full refuses every write whole and lets itself be purged; all succeed once it has more",
  PATIENCE,
  async (context) => {
    const server = await startRedis(context);
    const backend = await opened(redisBackend({ url: server.url }));
    await enqueue(backend, { id: "old" });
    const [old] = await claim(backend);
    if (old !== undefined) await succeed(backend, old);
    const calls = await callsOf(backend);
    const before = await backend.store.get({ ids: ["a", "b", "c", "d", "e"] });
    await server.cli("config", "set", "maxmemory", "100kb");
    for (const [name, call] of calls) {
      if (name === "cancel") continue;
      expect(await refusal(call), name).toMatchObject({
        code: "BACKEND_UNAVAILABLE",
        message: "Redis: its memory is full (maxmemory); nothing was stored; give it more, or purge (OOM).",
        retryable: true,
      });
    }
    expect(await backend.store.get({ ids: ["a", "b", "c", "d", "e"] })).toEqual(before);
    const request = {
      statuses: ["SUCCESSFUL"],
      finishedBefore: NOW,
      limit: 10,
      dryRun: false,
      now: NOW,
    } as const;
    expect(await backend.maintenance?.purge(request)).toEqual({ purged: 1, more: false });
    expect(await backend.store.delete({ ids: ["d"] })).toEqual(["deleted"]);
    await server.cli("config", "set", "maxmemory", "0");
    const answers: unknown[] = [];
    for (const call of calls.values()) answers.push(await call());
    expect(answers).toMatchObject([
      "e",
      { outcome: "applied" },
      ["applied"],
      { returned: 1 },
      [{ id: "b" }, { id: "c" }, { id: "e" }],
      "requested",
    ]);
  },
);

test(
  "a server that has become a replica is told of, and used again when it is a master",
  PATIENCE,
  async (context) => {
    const server = await startRedis(context);
    const backend = await opened(redisBackend({ url: server.url }));
    const calls = await callsOf(backend);
    await server.cli("replicaof", "127.0.0.1", "1");
    for (const [name, call] of calls) {
      if (name === "cancel") continue;
      expect(await refusal(call), name).toMatchObject({
        code: "BACKEND_UNAVAILABLE",
        message: "Redis: this is a replica, which takes no writes; connect to the master (READONLY).",
      });
    }
    expect(await backend.diagnose()).toContainEqual({
      level: "error",
      message: "It is a slave, which takes no writes; connect to the master.",
    });
    await server.cli("replicaof", "no", "one");
    for (const call of calls.values()) await call();
    expect((await backend.store.get({ ids: ["a"] }))[0]?.status).toBe("SUCCESSFUL");
  },
);

test("a server that cannot save refuses writes, and takes them when it can", PATIENCE, async (context) => {
  const server = await startRedis(context, { config: { save: "900 1" } });
  const backend = await opened(redisBackend({ url: server.url }));
  const calls = await callsOf(backend);
  const [, folder = ""] = (await server.cli("config", "get", "dir")) as string[];
  const obstacle = join(folder, "dump.rdb");
  rmSync(obstacle, { force: true });
  mkdirSync(obstacle);
  const save = async (status: string) => {
    await server.cli("bgsave");
    await expect
      .poll(() => server.cli("info", "persistence"), { timeout: 10_000 })
      .toMatch(new RegExp(`rdb_bgsave_in_progress:0[^]*rdb_last_bgsave_status:${status}`));
  };
  await save("err");
  for (const [name, call] of calls) {
    if (name === "cancel") continue;
    expect(await refusal(call), name).toMatchObject({
      code: "BACKEND_UNAVAILABLE",
      message: "Redis: it cannot save to its disk and takes no writes (MISCONF).",
    });
  }
  rmSync(obstacle, { recursive: true });
  await save("ok");
  for (const call of calls.values()) await call();
});

test(
  "a server that is busy with another's endless script says so, and serves once that is killed",
  PATIENCE,
  async (context) => {
    const server = await startRedis(context, { config: { "busy-reply-threshold": "20" } });
    const backend = await opened(redisBackend({ url: server.url }));
    const waiting = await enqueue(backend);
    const client = administrator(server.url);
    await client.ping();
    const endless = server.cli("eval", "while true do end", "0").catch((error: Error) => error.message);
    await untilBusy(client);
    const busy = {
      code: "BACKEND_UNAVAILABLE",
      message: "Redis: it is busy with somebody's script (BUSY).",
      retryable: true,
    };
    expect(await refusal(() => enqueue(backend, { id: "refused" }))).toMatchObject(busy);
    expect(await refusal(() => claim(backend))).toMatchObject(busy);
    await client.script("KILL");
    expect(await endless).toMatch(/killed/i);
    expect((await claim(backend)).map(({ id }) => id)).toEqual([waiting]);
  },
);

test("a script of ours that somebody kills before it writes has done nothing", PATIENCE, async (context) => {
  const server = await startRedis(context, { config: { "busy-reply-threshold": "20" } });
  const slow = (script: string) => `while redis.call('EXISTS', 'slow') == 1 do end\n${script}`;
  const backend = await opened(redisBackend({ client: clientThatRuns(server.url, slow) }));
  const client = administrator(server.url);
  await client.set("slow", "1");
  const task = aTask();
  const enqueued = refusal(() => backend.store.enqueue({ tasks: [task], atomic: true, now: NOW }));
  await untilBusy(client);
  await client.script("KILL");
  expect(await enqueued).toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: "Redis: somebody killed the script before it wrote anything (SCRIPT KILL).",
  });
  await server.cli("del", "slow");
  expect(await backend.store.get({ ids: [task.id] })).toEqual([null]);
  expect(await claim(backend)).toEqual([]);
});
