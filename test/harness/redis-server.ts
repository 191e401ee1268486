import { Redis } from "ioredis";
import { type FoundService, findService, type MissingService, missingService } from "./services.ts";

const PATIENCE_MS = 5_000;
const OLDEST = { redis: "6.2", valkey: "7.2" } as const;

/** Looks for a server, Redis unless told otherwise, and whether it is new enough and lets the tests in. */
export async function findRedis(
  name: keyof typeof OLDEST = "redis",
  environment: NodeJS.ProcessEnv = process.env,
): Promise<FoundService | MissingService> {
  const service = await findService(name, environment);
  if (!service.found) return service;
  const problem = await problemOf(service.location, name);
  if (problem === null) return service;
  const missing = missingService(name, problem, environment);
  return service.origin === "environment" ? { ...missing, required: true } : missing;
}

/** A connection to the server that tests use, for a command or two; rejects when one takes longer than five seconds. */
export async function onRedis<T>(url: string, run: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  // Its commands reject with what they need to know; connect() says no more than that there is no connection.
  let lost: Error | null = null;
  redis.on("error", (error: Error) => {
    lost = error;
  });
  try {
    await redis.connect().catch((error: Error) => {
      throw lost ?? error;
    });
    return await run(redis);
  } finally {
    redis.disconnect();
  }
}

/** Why a server cannot be used, as a sentence without its full stop; null when it can. */
async function problemOf(url: string, name: keyof typeof OLDEST): Promise<string | null> {
  try {
    const info = await onRedis(url, (redis) => redis.info("server"));
    // Valkey also tells which Redis it stands for.
    const version = new RegExp(`^${name}_version:([\\d.]+)`, "m").exec(info)?.[1];
    if (version === undefined) return `the server found is not ${name}`;
    return isAtLeast(version, OLDEST[name])
      ? null
      : `the server found is ${version}, older than ${OLDEST[name]}`;
  } catch (error) {
    return `the server found lets nobody in: ${(error as Error).message}`;
  }
}

function isAtLeast(version: string, oldest: string): boolean {
  return version.localeCompare(oldest, "en", { numeric: true }) >= 0;
}
