import { readdirSync, readFileSync } from "node:fs";
import { expect, onTestFinished, test, vi } from "vitest";
import { opened } from "../../../../../test/harness/redis-calls.ts";
import { type RedisProcess, startRedis } from "../../../../../test/harness/redis-process.ts";
import { dueIds, newSchedule, saveSchedule } from "../../../../../test/harness/schedule-calls.ts";
import { aTask, claim, enqueue, NOW, refusal, succeed } from "../../../../../test/harness/sqlite-store.ts";
import type { Backend } from "../../backend/index.ts";
import { redisBackend } from "./index.ts";
import { RIGHTS } from "./scripts/rights.ts";

const PATIENCE = { timeout: 60_000 };
/** Without these it works, but wakes and is woken by nobody and checks nothing. */
const DISPENSABLE = [
  "&taskwright:*",
  "+publish",
  "+subscribe",
  "+unsubscribe",
  "+ping",
  "+info",
  "+config|get",
];

async function aUser(server: RedisProcess, rights: readonly string[]): Promise<Backend> {
  await server.cli("acl", "setuser", "limited", "reset", "on", ">secret", ...rights);
  return redisBackend({ url: `redis://limited:secret@127.0.0.1:${server.port}` });
}

/** The rights that the error text names. */
async function documentedRights(server: RedisProcess): Promise<readonly string[]> {
  const { code, message } = await refusal(async () => (await aUser(server, ["~taskwright", "+info"])).open());
  expect(code).toBe("BACKEND_INCOMPATIBLE");
  return / with your prefix: (.*) \(NOPERM\)\.$/.exec(message)?.[1]?.split(" ") ?? [];
}

async function useAll(server: RedisProcess, backend: Backend): Promise<void> {
  await enqueue(backend, { id: "a", deduplication: { key: "a", until: NOW + 1 }, expiresAt: NOW + 1_000 });
  await enqueue(backend, { id: "b" });
  await enqueue(backend, { id: "c", runAfter: NOW + 1 });
  await backend.store.cancel({ id: "b", now: NOW });
  await backend.store.requeue({ id: "b", runAfter: NOW, rank: NOW, now: NOW });
  for (const claimed of await claim(backend, NOW + 1)) await succeed(backend, claimed);
  const words = { type: "LEASE_EXPIRED", message: "lost" } as const;
  const sweep = { maxLostAttempts: 3, lost: words, poisoned: words, expired: words, limit: 10, now: NOW };
  await backend.maintenance?.sweep(sweep);
  expect(
    (await backend.inspector?.list({ filter: {}, cursor: null, offset: 0, limit: 9 }))?.records,
  ).toHaveLength(3);
  expect(await backend.inspector?.countByQueue({ now: NOW })).toMatchObject([{ successful: 3 }]);
  const purge = { statuses: ["SUCCESSFUL"], finishedBefore: NOW, limit: 9, dryRun: false, now: NOW } as const;
  expect(await backend.maintenance?.purge(purge)).toEqual({ purged: 3, more: false });
  const schedule = newSchedule();
  expect(await saveSchedule(backend, schedule, [aTask()])).toBe("saved");
  expect(await saveSchedule(backend, { ...schedule, path: "other", revision: 2 })).toBe("saved");
  expect(await backend.schedules?.list({ after: null, limit: 9 })).toHaveLength(1);
  await server.cli("del", "{taskwright:0}:ticks");
  await server.cli("zadd", "{taskwright:0}:scheduleIds", "0", "stray other");
  expect(await dueIds(backend, ["other"])).toEqual([schedule.id]);
  expect(await backend.schedules?.delete({ id: schedule.id })).toBe("deleted");
}

test(
  "the rights that the error names are enough for everything, a wake included, and none can be spared",
  PATIENCE,
  async (context) => {
    const server = await startRedis(context);
    const rights = await documentedRights(server);
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    onTestFinished(() => void warn.mockRestore());
    const backend = await opened(await aUser(server, rights));
    expect((await backend.diagnose()).map(({ level }) => level)).not.toContain("error");
    const woken = new Promise<void>((resolve) => {
      let wakes = 0;
      const stop = backend.wakeups?.watchReady({ queues: "all", wake: () => ++wakes === 2 && resolve() });
      onTestFinished(() => stop?.());
    });
    await expect
      .poll(() => server.cli("pubsub", "numpat").then(() => server.cli("pubsub", "channels")))
      .not.toEqual([]);
    const other = await opened(redisBackend({ url: server.url }));
    await enqueue(other);
    await woken;
    await other.store.delete({ ids: (await claim(other)).map(({ id }) => id) });
    await server.cli("flushdb");
    await useAll(server, backend);
    await backend.close();
    for (const right of rights.filter((one) => !DISPENSABLE.includes(one))) {
      const less = await aUser(
        server,
        rights.filter((one) => one !== right),
      );
      // One that the server knows already would need no eval.
      await server.cli("script", "flush");
      const answer = await less.open().catch((error: Error) => error.message);
      expect(answer, right).toContain("NOPERM");
      await less.close();
    }
  },
);

test(
  "a missing command is named when the backend is opened, before a script meets it in its middle",
  PATIENCE,
  async (context) => {
    const server = await startRedis(context);
    const backend = await aUser(server, ["~*", "&*", "+@all", "-zrem", "-xack"]);
    const error = await refusal(() => backend.open());
    expect(error.message).toContain(
      "Redis: the user may not use xack, zrem in scripts; give it these rights",
    );
    await server.cli("acl", "setuser", "limited", "resetchannels", "+@all", "-publish");
    await opened(backend);
  },
);

test("every command that a script uses is looked for", () => {
  const folder = new URL("scripts/", import.meta.url);
  const texts = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8"));
  const used = texts.flatMap((text) =>
    [...text.matchAll(/(?:redis\.p?call\(|isOwn\(|\{ (?='X))'([A-Z]+)'/g)].map(([, command]) => command),
  );
  expect(used.length).toBeGreaterThan(100);
  // Only that one may fail.
  const needed = new Set(used.filter((command) => command !== "PUBLISH"));
  for (const command of needed) expect(RIGHTS.text).toContain(`'${command}'`);
});
