import { expect, type TestContext, test } from "vitest";
import { clientThatRuns, opened } from "../../../../../test/harness/redis-calls.ts";
import { type RedisProcess, startRedis } from "../../../../../test/harness/redis-process.ts";
import { aTask, claim, enqueue, NOW, succeed } from "../../../../../test/harness/sqlite-store.ts";
import type { Backend, ListAnswer } from "../../backend/index.ts";
import { redisBackend } from "./index.ts";

const PATIENCE = { timeout: 60_000 };
const HOUR_S = 3_600;

/** A store on a server whose clock stands where it is set. */
async function withClock(
  context: TestContext,
  seconds: number,
): Promise<{ server: RedisProcess; backend: Backend; clock: { seconds: number } }> {
  const server = await startRedis(context);
  const clock = { seconds };
  const atTime = (script: string) => script.replaceAll("redis.call('TIME')", `({ '${clock.seconds}', '7' })`);
  const backend = await opened(redisBackend({ client: clientThatRuns(server.url, atTime) }));
  return { server, backend, clock };
}

async function listed(backend: Backend): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = null; ; ) {
    const page: ListAnswer | undefined = await backend.inspector?.list({
      filter: {},
      cursor,
      offset: 0,
      limit: 3,
    });
    ids.push(...(page?.records ?? []).map(({ id }) => id));
    cursor = page?.nextCursor ?? null;
    if (cursor === null) return ids;
  }
}

test(
  "a server's clock that jumps forward and back by an hour changes neither order nor lists",
  PATIENCE,
  async (context) => {
    const { backend, clock } = await withClock(context, 1_800_000_000);
    const ids: string[] = [];
    for (const jump of [0, 0, HOUR_S, 0, -HOUR_S, 0, -HOUR_S, 0]) {
      clock.seconds += jump;
      ids.push(await enqueue(backend), await enqueue(backend));
    }
    expect(await listed(backend)).toEqual(ids.toReversed());
    expect((await claim(backend, NOW, 100)).map(({ id }) => id)).toEqual(ids);
  },
);

test(
  "what a clock an hour ahead has left orders what comes after it is right again",
  PATIENCE,
  async (context) => {
    const server = await startRedis(context);
    const backend = await opened(redisBackend({ url: server.url }));
    const ids = [await enqueue(backend)];
    const ahead = (Math.floor(Date.now() / 1_000) + HOUR_S) * 1_000_000;
    await server.cli("set", "{taskwright:0}:seq", String(ahead));
    for (let n = 0; n < 5; n++) ids.push(await enqueue(backend));
    const [, cursor] = [await listed(backend), await server.cli("get", "{taskwright:0}:seq")];
    expect(Number(cursor)).toBeGreaterThan(ahead);
    expect(await listed(backend)).toEqual(ids.toReversed());
    expect((await claim(backend)).map(({ id }) => id)).toEqual(ids);
  },
);

test(
  "a clock of before 2001, whose sequences begin with zeros, keeps order, and what is cancelled or given back",
  PATIENCE,
  async (context) => {
    const { server, backend, clock } = await withClock(context, 999_999_999);
    const ids = ["first", "cancelled", "second", "third", "fourth"];
    for (const id of ids) await enqueue(backend, { id });
    clock.seconds += 1;
    await backend.store.enqueue({ tasks: [aTask({ id: "fifth" })], atomic: true, now: NOW });
    await enqueue(backend, { id: "urgent", priority: 1, rank: NOW });
    const heads = await server.cli("hvals", "{taskwright:0}:sources:9:mail.send:default");
    expect((heads as string[]).every((head) => /^\d+ \d{16}$/.test(head))).toBe(true);
    const [first] = await claim(backend, NOW, 1);
    expect(first?.id).toBe("first");
    // It is the head of its stream now.
    expect(await backend.store.cancel({ id: "cancelled", now: NOW })).toBe("cancelled");
    const [second] = await claim(backend, NOW, 1);
    expect(second?.id).toBe("second");
    if (first === undefined || second === undefined) return;
    await backend.leases?.release({ items: [{ lease: second, when: "now", started: false }], now: NOW });
    const others = await claim(backend);
    expect(others.map(({ id }) => id)).toEqual(["second", "third", "fourth", "fifth", "urgent"]);
    for (const lease of [first, ...others])
      expect(await succeed(backend, lease)).toMatchObject({ outcome: "applied" });
    expect(await server.cli("keys", "*ready*")).toEqual([]);
    expect(await server.cli("keys", "*sources*")).toEqual([]);
  },
);
