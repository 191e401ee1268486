import { randomBytes } from "node:crypto";
import { onTestFinished, type TestContext } from "vitest";
import { findRedis } from "./redis-server.ts";
import { keyPrefixOf, removeKeys } from "./redis-store.ts";
import { skipUnlessFound } from "./services.ts";

const service = await findRedis();

/** A place in a Redis server that nobody else uses: what `redisBackend` takes. */
export interface RedisPlace {
  readonly url: string;
  readonly keyPrefix: string;
}

/** Makes up a prefix, whose keys go when the test ends; skips the test where there is no server. */
export function freshRedisPrefix(context: TestContext, untested: string): RedisPlace {
  skipUnlessFound(context, service, untested);
  const keyPrefix = keyPrefixOf({ namespace: `test${randomBytes(6).toString("hex")}` });
  const url = service.location;
  onTestFinished(async () => {
    await removeKeys(url, keyPrefix);
  });
  return { url, keyPrefix };
}
