import { expect, onTestFinished, type TestContext, test } from "vitest";
import { opened } from "../../../../../test/harness/redis-calls.ts";
import { type RedisProcess, startRedis } from "../../../../../test/harness/redis-process.ts";
import {
  aTask,
  claim,
  enqueue,
  LEASE_MS,
  NOW,
  refusal,
  succeed,
} from "../../../../../test/harness/sqlite-store.ts";
import { TcpProxy } from "../../../../../test/harness/tcp-proxy.ts";
import type { Backend } from "../../backend/index.ts";
import { redisBackend } from "./index.ts";

const PATIENCE = { timeout: 60_000 };
const KEYED = { deduplication: { key: "one", until: NOW + 60_000 } };

interface Way {
  readonly server: RedisProcess;
  readonly proxy: TcpProxy;
  readonly backend: Backend;
}

/** A server, and a way there that can be cut. */
async function cuttable(context: TestContext): Promise<Way> {
  const server = await startRedis(context);
  const proxy = await TcpProxy.open({ host: "127.0.0.1", port: server.port });
  onTestFinished(() => proxy.cut());
  const url = new URL(server.url);
  url.port = String(proxy.port);
  const backend = await opened(redisBackend({ url: url.href }));
  // Else the first answer to each would be that the server does not know the script.
  await enqueue(backend);
  for (const lease of await claim(backend)) await succeed(backend, lease);
  return { server, proxy, backend };
}

/** Makes a call, lets no answer through, and cuts the connection once the server has given one. */
async function cutAfter<T>(proxy: TcpProxy, call: () => Promise<T>): Promise<T> {
  proxy.holdAnswers();
  const answer = call();
  await expect.poll(() => proxy.heldBytes).toBeGreaterThan(0);
  proxy.breakConnections();
  return answer;
}

test.for([
  ["without a key", {}],
  ["with a deduplication key", KEYED],
] as const)(
  "an enqueue %s whose answer is lost is stored once, and resolves",
  PATIENCE,
  async ([, given], context) => {
    const way = await cuttable(context);
    const task = aTask(given);
    const enqueued = await cutAfter(way.proxy, () =>
      way.backend.store.enqueue({ tasks: [task], atomic: true, now: NOW }),
    );
    expect(enqueued).toEqual([{ outcome: "stored" }]);
    expect((await claim(way.backend)).map(({ id }) => id)).toEqual([task.id]);
    expect(await claim(way.backend)).toEqual([]);
  },
);

test("a settlement whose answer is lost is answered as the first time", PATIENCE, async (context) => {
  const way = await cuttable(context);
  await enqueue(way.backend);
  const [claimed] = await claim(way.backend);
  if (claimed === undefined) throw new Error("It was not claimed.");
  const outcome = await cutAfter(way.proxy, () => succeed(way.backend, claimed));
  expect(outcome).toEqual({ outcome: "applied", status: "SUCCESSFUL" });
});

test(
  "what a claim took whose answer is lost comes back by the sweep, and counts as no lost attempt that was begun",
  PATIENCE,
  async (context) => {
    const way = await cuttable(context);
    const { backend } = way;
    const ids = [await enqueue(backend), await enqueue(backend)];
    // Sent again, it finds what the first one left: nothing.
    expect(await cutAfter(way.proxy, () => claim(backend))).toEqual([]);
    const words = { type: "LEASE_EXPIRED", message: "lost" } as const;
    const request = { maxLostAttempts: 3, lost: words, poisoned: words, expired: words, limit: 10 };
    const swept = await backend.maintenance?.sweep({ ...request, now: NOW + LEASE_MS + 1 });
    expect(swept).toMatchObject({ returned: 2, finished: [] });
    const again = await claim(backend, NOW + LEASE_MS + 1);
    expect(again.map(({ id, attempts }) => [id, attempts])).toEqual(ids.map((id) => [id, 2]));
  },
);

test(
  "calls while the server is away are refused within seconds, and made again when it is back",
  PATIENCE,
  async (context) => {
    const server = await startRedis(context, { appendOnly: true, config: { appendfsync: "always" } });
    const backend = await opened(redisBackend({ url: server.url }));
    const id = await enqueue(backend);
    await server.kill();
    const message = "Redis cannot be reached";
    expect((await refusal(() => enqueue(backend, { id: "away" }))).message).toContain(message);
    expect(await refusal(() => claim(backend))).toMatchObject({
      code: "BACKEND_UNAVAILABLE",
      retryable: true,
    });
    await server.start();
    await enqueue(backend, { id: "back" });
    expect((await claim(backend)).map((one) => one.id)).toEqual([id, "back"]);
  },
);

test("a client of the caller's is left open at close", PATIENCE, async (context) => {
  const { Redis } = await import("ioredis");
  const server = await startRedis(context);
  const client = new Redis(server.url);
  onTestFinished(() => client.disconnect());
  const listeners = client.listenerCount("error");
  const backend = redisBackend({ client });
  await backend.open();
  await enqueue(backend);
  await backend.close();
  expect((await refusal(() => enqueue(backend))).code).toBe("CLOSED");
  expect(await client.ping()).toBe("PONG");
  expect(client.listenerCount("error")).toBe(listeners);
  await backend.open();
  expect(await claim(backend)).toHaveLength(1);
  await backend.close();
});
