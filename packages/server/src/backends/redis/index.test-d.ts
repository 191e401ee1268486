import type { Duration } from "@taskwright/shared";
import { Cluster, Redis } from "ioredis";
import { expectTypeOf } from "vitest";
import type { Backend } from "../../backend/index.ts";
import {
  type GivenClient,
  type GivenRedisClient,
  type RedisAddress,
  type RedisBackendOptions,
  type RedisUrl,
  type RedisUse,
  redisBackend,
} from "./index.ts";

const url = "redis://localhost:6379";
expectTypeOf(redisBackend({ url })).toEqualTypeOf<Backend>();
// Every part of the address has a default, so nothing need be said.
redisBackend({});
redisBackend({ host: "redis.internal", port: 6380, db: 1, username: "app", password: "secret", tls: true });
redisBackend({ host: "redis.internal", tls: { ca: "PEM" } });
redisBackend({
  url,
  cluster: { nodes: [{ host: "node-2", port: 6379 }] },
  keyPrefix: "shop",
  consumerGroup: "workers",
  resultTtl: "30d",
  completedTaskTtl: "1d",
  claimTimeout: "5m",
  blockTimeout: "5s",
  waitForReplicas: { count: 1, timeout: "500ms" },
});
// Clients of ioredis fit as they are.
redisBackend({ client: new Redis(url) });
redisBackend({ client: new Cluster([url]) });
expectTypeOf<Redis>().toExtend<GivenRedisClient>();
expectTypeOf<Cluster>().toExtend<GivenRedisClient>();

expectTypeOf<RedisBackendOptions>().toExtend<RedisUse & (RedisUrl | RedisAddress | GivenClient)>();
expectTypeOf<RedisUrl["url"]>().toEqualTypeOf<string>();
expectTypeOf<RedisAddress["port"]>().toEqualTypeOf<number | undefined>();
expectTypeOf<GivenClient["client"]>().toEqualTypeOf<GivenRedisClient>();
expectTypeOf<RedisUse["resultTtl" | "completedTaskTtl" | "claimTimeout" | "blockTimeout"]>().toEqualTypeOf<
  Duration | undefined
>();

// @ts-expect-error -- it needs options
redisBackend();
// @ts-expect-error -- not both
redisBackend({ url, client: new Redis(url) });
// @ts-expect-error -- the URL says it already
redisBackend({ url, host: "localhost" });
// @ts-expect-error -- a client says it already
redisBackend({ client: new Redis(url), db: 1 });
// @ts-expect-error -- a name is no client
redisBackend({ client: "redis" });
// @ts-expect-error -- a number has no unit
redisBackend({ url, resultTtl: 604_800 });
// @ts-expect-error -- nodes have a host and a port
redisBackend({ url, cluster: { nodes: ["node-2:6379"] } });
// @ts-expect-error -- how many replicas must be said
redisBackend({ url, waitForReplicas: { timeout: "1s" } });
// @ts-expect-error -- an unknown option
redisBackend({ url, prefix: "shop" });
