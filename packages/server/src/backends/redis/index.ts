export type { GivenRedisClient } from "./connection.ts";
export type { GivenClient, RedisAddress, RedisBackendOptions, RedisUrl, RedisUse } from "./options.ts";
export { redisBackend } from "./redis-backend.ts";
