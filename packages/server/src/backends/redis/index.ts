export type { GivenClient, RedisAddress, RedisBackendOptions, RedisUrl, RedisUse } from "./options.ts";
export { redisBackend } from "./redis-backend.ts";
export type { GivenRedisClient } from "./redis-client.ts";
