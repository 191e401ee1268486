import { onRedis } from "./redis-server.ts";

/** How many keys are looked at, and removed, at a time. */
const BATCH = 1_000;

/** The prefix under which a case keeps its keys, which look like `{tw-case1a2b:0}:…`. */
export function keyPrefixOf({ namespace }: { readonly namespace: string }): string {
  return `tw-${namespace}`;
}

/**
 * Removes all keys under a prefix from one server, without holding up others that use it; resolves to how many. In a
 * cluster it is called for each node, and does nothing on replicas.
 */
export function removeKeys(url: string, prefix: string): Promise<number> {
  const pattern = `{${prefix.replace(/[\\*?[\]]/g, "\\$&")}:*`;
  return onRedis(url, async (redis) => {
    const [role] = await redis.role();
    if (role === "slave") return 0;
    let removed = 0;
    let cursor = "0";
    do {
      // As bytes, because keys need not be text.
      const [next, keys] = await redis.scanBuffer(cursor, "MATCH", pattern, "COUNT", BATCH);
      cursor = String(next);
      const pipeline = redis.pipeline();
      // One by one, because those of a cluster are of several slots.
      for (const key of keys) pipeline.unlink(key);
      for (const [error, count] of (await pipeline.exec()) ?? []) {
        if (error !== null) throw error;
        removed += Number(count);
      }
    } while (cursor !== "0");
    return removed;
  });
}

/** Every key of a server with what it holds, but for some. */
export function everythingIn(url: string, but: readonly string[] = []): Promise<Record<string, unknown>> {
  return onRedis(url, async (redis) => {
    const keys = (await redis.keys("*")).filter((key) => !but.includes(key)).sort();
    const holds = keys.map(async (key) => {
      const type = await redis.type(key);
      if (type === "hash") return redis.hgetall(key);
      if (type === "zset") return redis.zrange(key, "0", "-1", "WITHSCORES");
      if (type === "stream") return [await redis.xrange(key, "-", "+"), await redis.xinfo("GROUPS", key)];
      return redis.get(key);
    });
    return Object.fromEntries((await Promise.all(holds)).map((held, index) => [keys[index], held]));
  });
}
