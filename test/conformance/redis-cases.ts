import type { Backend } from "@taskwright/server/backend";
import { redisBackend } from "@taskwright/server/redis";
import type { Redis } from "ioredis";
import { findRedis, onRedis } from "../harness/redis-server.ts";
import { keyPrefixOf, removeKeys } from "../harness/redis-store.ts";
import type { FoundService, MissingService } from "../harness/services.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import type { BackendExercise } from "./exercise.ts";
import { REDIS_URL_VARIABLE, redisUrl } from "./open-redis.ts";
import type { StoreContext } from "./store-fixture.ts";

/** The ways of the cases to the server, by namespace. */
const proxies = new Map<string, TcpProxy>();

async function keysOf(redis: Redis, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  let cursor = "0";
  do {
    const [next, found] = await redis.scan(cursor, "MATCH", `{${prefix}:*`, "COUNT", 10_000);
    keys.push(...found);
    cursor = next;
  } while (cursor !== "0");
  return keys;
}

/** How many entries the keys under a prefix have on one server. */
export function countEntries(url: string, prefix: string): Promise<number> {
  return onRedis(url, async (redis) => {
    let entries = 0;
    for (const key of await keysOf(redis, prefix)) {
      const type = await redis.type(key);
      if (type === "zset") entries += await redis.zcard(key);
      else if (type === "hash") entries += await redis.hlen(key);
      else if (type === "stream") entries += await redis.xlen(key);
      else entries++;
    }
    return entries;
  });
}

/** Looks for a server, and tells the processes that cases start where it is. */
export async function useRedis(name: "redis" | "valkey"): Promise<FoundService | MissingService> {
  const service = await findRedis(name);
  if (service.found) process.env[REDIS_URL_VARIABLE] = service.location;
  return service;
}

/** Removes the case's keys. */
export async function removeCaseKeys(context: StoreContext): Promise<void> {
  await removeKeys(redisUrl(), keyPrefixOf(context));
}

/** What cases on Redis need: keys of their own, and a way there that can be cut. */
export const redisExercise: Pick<
  BackendExercise,
  "open" | "remove" | "unstorable" | "breakage" | "footprint" | "callers" | "processes"
> = {
  open: async (context): Promise<Backend> => {
    const url = new URL(redisUrl());
    const proxy = await TcpProxy.open({ host: url.hostname, port: Number(url.port || 6379) });
    proxies.set(context.namespace, proxy);
    url.port = String(proxy.port);
    url.hostname = "127.0.0.1";
    const backend = redisBackend({ url: url.href, keyPrefix: keyPrefixOf(context) });
    await backend.open();
    return backend;
  },
  remove: async (context) => {
    proxies.get(context.namespace)?.cut();
    proxies.delete(context.namespace);
    await removeCaseKeys(context);
  },
  unstorable: { none: "stores any text" },
  breakage: { inflict: async ({ namespace }) => proxies.get(namespace)?.cut() },
  callers: { none: "keeps task results apart from the caller's data; see the outbox" },
  processes: { opener: new URL("./open-redis.ts", import.meta.url).href },
  footprint: {
    measure: (context) => countEntries(redisUrl(), keyPrefixOf(context)),
  },
};
