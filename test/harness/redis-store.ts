import type { Backend } from "@taskwright/server/backend";
import { Redis } from "ioredis";
import { onTestFinished } from "vitest";
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

/** Opens a backend, which is closed when the test ends. */
export async function opened(backend: Backend): Promise<Backend> {
  await backend.open();
  onTestFinished(() => backend.close());
  return backend;
}

/** A client whose server runs scripts as changed: as one with another clock, or with other limits, would. */
export function clientThatRuns(url: string, change: (script: string) => string): Redis {
  const client = new Redis(url);
  onTestFinished(() => client.disconnect());
  overrideCalls(client, (command, args, call) => {
    if (command === "evalsha") return Promise.reject(new Error("NOSCRIPT of the test's"));
    const [script, ...rest] = args;
    return call(command, command === "eval" ? [change(String(script)), ...rest] : args);
  });
  return client;
}

/** Sends a command as it stands. */
type Call = (command: string, args: readonly (string | number)[]) => Promise<unknown>;

/** Lets a test decide what becomes of the commands that a backend sends by a client. */
export function overrideCalls(
  client: Redis,
  answer: (command: string, args: readonly (string | number)[], call: Call) => Promise<unknown>,
): void {
  const call = client.call.bind(client) as unknown as Call;
  const own: Call = (command, args) => answer(command, args, call);
  client.call = own as unknown as typeof client.call;
}
