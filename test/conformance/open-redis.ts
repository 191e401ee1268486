// Opens the Redis store of a case: for redis.test.ts, and for the processes that it starts.
import type { Backend } from "@taskwright/server/backend";
import { redisBackend } from "@taskwright/server/redis";
import { keyPrefixOf } from "../harness/redis-store.ts";
import type { StoreContext } from "./store-fixture.ts";

/** Where the server is; the test file sets it before it opens a store or starts a process. */
export const REDIS_URL_VARIABLE = "TASKWRIGHT_CONFORMANCE_REDIS_URL";

/** The URL of the server. */
export function redisUrl(): string {
  const url = process.env[REDIS_URL_VARIABLE];
  if (url === undefined) throw new Error(`${REDIS_URL_VARIABLE} is not set.`);
  return url;
}

/** Opens the case's keys. */
export async function openStore(context: StoreContext): Promise<Backend> {
  const backend = redisBackend({ url: redisUrl(), keyPrefix: keyPrefixOf(context) });
  await backend.open();
  return backend;
}
