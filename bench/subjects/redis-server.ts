import { Redis } from "ioredis";
import type { ServerMeter } from "../harness/subject.ts";

/** Where the server is, without a database. */
const REDIS_URL = process.env.TASKWRIGHT_TEST_REDIS_URL ?? "redis://127.0.0.1:6379";

/** Says that what is in a database is ours, so that nobody's own data is ever deleted. */
const MARK = "taskwright-bench";

const SETTINGS = ["appendonly", "save", "maxmemory-policy", "io-threads"];

/** The databases that stores may use, each subject one of its own; a server has 16 unless told otherwise. */
export type BenchDatabase = 10 | 11 | 12 | 13;

/** How drivers are told of a database. */
export interface RedisPlace {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
}

function urlOf(database: BenchDatabase): string {
  const url = new URL(REDIS_URL);
  url.pathname = `/${database}`;
  return url.href;
}

/** A URL in parts. */
export function placeOf(address: string): RedisPlace {
  const { hostname, port, pathname, username, password } = new URL(address);
  return {
    host: hostname,
    port: Number(port || 6379),
    db: Number(pathname.slice(1)),
    ...(username === "" ? {} : { username: decodeURIComponent(username) }),
    ...(password === "" ? {} : { password: decodeURIComponent(password) }),
  };
}

async function onServer<T>(address: string, run: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(address, { lazyConnect: true, retryStrategy: () => null });
  // What goes wrong is told by the command that fails.
  redis.on("error", () => undefined);
  try {
    await redis.connect();
    return await run(redis);
  } finally {
    redis.disconnect();
  }
}

/** Empties a database for one store; answers its URL. Refuses one that holds something which no run has put there. */
export async function createDatabase(database: BenchDatabase): Promise<string> {
  const address = urlOf(database);
  await onServer(address, async (redis) => {
    if ((await redis.dbsize()) > 0 && (await redis.exists(MARK)) === 0) {
      throw new Error(
        `Database ${database} of the Redis server holds keys that are not from a benchmark. ` +
          "Empty it, or name another server by TASKWRIGHT_TEST_REDIS_URL.",
      );
    }
    await redis.flushdb("SYNC");
    await redis.set(MARK, new Date().toISOString());
  });
  return address;
}

/** Empties the database of a store; what is freed in the background would slow the next measurement. */
export async function emptyDatabase(address: string): Promise<void> {
  await onServer(address, (redis) => redis.flushdb("SYNC"));
}

/** A field of INFO as a number. */
function numberIn(info: string, field: string): number {
  return Number(new RegExp(`^${field}:(.+)$`, "m").exec(info)?.[1]);
}

/** Watches the server through a connection of its own; what it sees is right while nobody else uses the server. */
export async function meterRedis(address: string): Promise<ServerMeter> {
  const redis = new Redis(address);
  await redis.ping();
  let asked = 0;
  const info = (section: string) => {
    asked++;
    return redis.info(section);
  };
  return {
    statements: async () => numberIn(await info("stats"), "total_commands_processed") - asked,
    serverCpuMs: async () => {
      const cpu = await info("cpu");
      return (numberIn(cpu, "used_cpu_user") + numberIn(cpu, "used_cpu_sys")) * 1_000;
    },
    close: () => redis.disconnect(),
  };
}

/** The server's version and the settings that decide about speed, for people. */
export async function describeRedis(): Promise<string> {
  return onServer(REDIS_URL, async (redis) => {
    const server = await redis.info("server");
    const version = /^redis_version:(.+?)\r?$/m.exec(server)?.[1] ?? "of unknown version";
    const texts = await Promise.all(
      SETTINGS.map(async (name) => {
        const [, value] = (await redis.config("GET", name)) as readonly string[];
        return `${name} ${value === "" ? "none" : value}`;
      }),
    );
    const others = numberIn(await redis.info("clients"), "connected_clients") - 1;
    const company = others > 0 ? [`${others} connections of others: its counts are not ours alone`] : [];
    return [`Redis ${version}`, ...texts, ...company].join(", ");
  });
}
