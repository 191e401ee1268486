import { randomBytes } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { startRedisCluster } from "./redis-cluster.ts";
import { findRedis, onRedis } from "./redis-server.ts";
import { keyPrefixOf, removeKeys } from "./redis-store.ts";
import { skipUnlessFound } from "./services.ts";

const service = await findRedis();

test("removes every key under the prefix, whatever it holds, and none of another's", async (context) => {
  skipUnlessFound(context, service, "that cases on Redis remove their keys");
  const url = service.location;
  const prefix = keyPrefixOf({ namespace: `harness${randomBytes(6).toString("hex")}` });
  expect(prefix).toMatch(/^tw-harness[0-9a-f]{12}$/);
  const others = [`{${prefix}0:0}:record`, `{${prefix}}:record`, `${prefix}:0:record`];
  onTestFinished(async () => {
    await onRedis(url, (redis) => redis.unlink(others));
  });
  const awkward = [
    `{${prefix}:0}:a queue: with {braces} and 😀`,
    Buffer.from(`{${prefix}:15}:\xff\x00`, "latin1"),
  ];
  const many = Array.from({ length: 2_500 }, (_, n) => `{${prefix}:${n % 16}}:record:${n}`);
  await onRedis(url, async (redis) => {
    const pipeline = redis.pipeline();
    for (const key of [...awkward, ...many, ...others]) pipeline.set(key, "a value");
    pipeline.xadd(`{${prefix}:0}:ready`, "*", "id", "1");
    await pipeline.exec();
  });

  expect(await removeKeys(url, prefix)).toBe(2_503);
  expect(await removeKeys(url, prefix)).toBe(0);
  await onRedis(url, async (redis) => {
    expect(await redis.exists(...awkward, ...many.slice(0, 10))).toBe(0);
    expect(await redis.exists(...others)).toBe(others.length);
  });
});

test("a prefix is no pattern", async (context) => {
  skipUnlessFound(context, service, "that cases on Redis remove their keys");
  const id = randomBytes(6).toString("hex");
  const other = `{tw-${id}-a:0}:record`;
  onTestFinished(async () => {
    await onRedis(service.location, (redis) => redis.unlink(other));
  });
  await onRedis(service.location, (redis) => redis.set(other, "a value"));
  expect(await removeKeys(service.location, `tw-${id}-*`)).toBe(0);
  expect(await removeKeys(service.location, `tw-${id}-[a]`)).toBe(0);
  expect(await removeKeys(service.location, `tw-${id}-a`)).toBe(1);
});

test("removes those of a cluster node by node, and leaves its replicas to themselves", {
  timeout: 60_000,
}, async (context) => {
  const cluster = await startRedisCluster(context);
  const keys = Array.from({ length: 32 }, (_, n) => `{tw-case:${n % 16}}:record:${n}`);
  for (const key of keys) await cluster.cli(await cluster.masterOf(key), "set", key, "a value");
  const removed = await Promise.all(
    cluster.nodes.map(({ host, port }) => removeKeys(`redis://${host}:${port}`, "tw-case")),
  );
  expect(removed.reduce((sum, count) => sum + count, 0)).toBe(keys.length);
  expect(removed.slice(3)).toEqual([0, 0, 0]);
});
