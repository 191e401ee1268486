// Where the Redis server is: REDIS_URL, or the standard port of this machine.
import { redisBackend } from "@taskwright/server/redis";
import { isTaskError } from "@taskwright/shared";

const url = process.env.REDIS_URL || "redis://127.0.0.1:6379";

/** The backend that producer and worker share: same server, same prefix. */
export function openBackend(): ReturnType<typeof redisBackend> {
  return redisBackend({ url, keyPrefix: process.env.KEY_PREFIX || "primes" });
}

/** Ends the process with one line where there is no server to talk to; any other error is thrown again. */
export function sayIfUnreachable(error: unknown): void {
  if (!isTaskError(error) || error.code !== "BACKEND_UNAVAILABLE") throw error;
  console.error(`No tasks without Redis: ${error.message}`);
  console.error(`Tried ${withoutPassword(url)}. Start one (redis-server), or set REDIS_URL.`);
  process.exitCode = 1;
}

function withoutPassword(text: string): string {
  if (!URL.canParse(text)) return "REDIS_URL";
  const { protocol, host } = new URL(text);
  return `${protocol}//${host}`;
}
