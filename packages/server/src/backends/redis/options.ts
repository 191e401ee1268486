import { type Duration, didYouMean, durationToMs, TaskError } from "@taskwright/shared";
import type { Outbox } from "../../backend/index.ts";
import type { GivenRedisClient } from "./redis-client.ts";

/** What `redisBackend` takes: where the server is, or a client of yours, and how it is used. */
export type RedisBackendOptions = RedisUse & (RedisUrl | RedisAddress | GivenClient);

/** A server by its URL; needs the package `ioredis`. */
export interface RedisUrl {
  /** Such as "redis://user:password@host:6379/0", or "rediss://…" for TLS; of a cluster any of its nodes. */
  readonly url: string;
}

/** A server by its parts; needs the package `ioredis`. */
export interface RedisAddress {
  /** @default "localhost" */
  readonly host?: string;
  /** @default 6379 */
  readonly port?: number;
  /** The number of the database. @default 0 */
  readonly db?: number;
  readonly username?: string;
  readonly password?: string;
  /** True, or options of Node's `tls.connect`. @default false */
  readonly tls?: boolean | object;
  readonly url?: undefined;
  readonly client?: undefined;
}

/** A client that the caller has made, and ends. */
export interface GivenClient {
  /** A `Redis` or `Cluster` of the package `ioredis` without `keyPrefix`; closing the backend leaves it open. */
  readonly client: GivenRedisClient;
  readonly url?: undefined;
}

/** How the server is used. */
export interface RedisUse {
  /**
   * Whether the server is a node of a Redis Cluster, whose other nodes may be named for when the first is down.
   *
   * @default found out when the backend is opened
   */
  readonly cluster?:
    | boolean
    | { readonly nodes: readonly { readonly host: string; readonly port: number }[] };
  /** What all keys and channels begin with, letters, digits and any of `-_.:/`. @default "taskwright" */
  readonly keyPrefix?: string;
  /** The name of the consumer group of the streams. @default "taskwright" */
  readonly consumerGroup?: string;
  /** How long the server keeps a finished task result. @default "7d", and "30d" of FAILED and CANCELLED ones */
  readonly resultTtl?: Duration;
  /** How long the server keeps a SUCCESSFUL task result. @default resultTtl */
  readonly completedTaskTtl?: Duration;
  /** The lease of tasks that set none of their own, 1s to 1h. @default "60s" */
  readonly claimTimeout?: Duration;
  /** How long an idle worker waits to be woken before it looks by itself. @default "30s", on a cluster "5m" */
  readonly blockTimeout?: Duration;
  /**
   * How many replicas must confirm an enqueue or a claim, by WAIT, before it counts; fewer within the timeout reject it with
   * BACKEND_UNAVAILABLE, although the master has it.
   *
   * @default none
   */
  readonly waitForReplicas?: { readonly count: number; readonly timeout?: Duration };
  /**
   * Where tasks that are enqueued in your database's transactions wait for their commit: `prismaOutbox(prisma)` of
   * `@taskwright/server/prisma`.
   */
  readonly outbox?: Outbox;
}

/** {@link RedisBackendOptions}, checked and complete. */
export interface ResolvedRedisOptions {
  readonly keyPrefix: string;
  readonly consumerGroup: string;
  readonly successfulTtlMs: number;
  readonly failedTtlMs: number;
  readonly claimTimeoutMs: number | null;
  /** Null: as it suits the server. */
  readonly blockTimeoutMs: number | null;
  readonly replicas: { readonly count: number; readonly timeoutMs: number } | null;
}

const NAMES: readonly string[] = [
  "url",
  "client",
  "host",
  "port",
  "db",
  "username",
  "password",
  "tls",
  "cluster",
  "keyPrefix",
  "consumerGroup",
  "resultTtl",
  "completedTaskTtl",
  "claimTimeout",
  "blockTimeout",
  "waitForReplicas",
  "outbox",
];
const ADDRESS_NAMES: readonly string[] = ["host", "port", "db", "username", "password", "tls"];
const LONGEST_NAME = 100;
const SHORTEST_TTL_MS = 1_000;
const SHORTEST_LEASE_MS = 1_000;
const LONGEST_LEASE_MS = 3_600_000;
const LONGEST_TTL_MS = 3_650 * 86_400_000;

function invalid(message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message });
}

function isClient(value: unknown): value is GivenRedisClient {
  const client = value as Partial<GivenRedisClient> | null;
  return (
    typeof client === "object" && typeof client?.call === "function" && typeof client.duplicate === "function"
  );
}

function checkPlace(options: Readonly<Record<string, unknown>>): void {
  const { url, client, host, port, db, tls } = options;
  if (url !== undefined && client !== undefined)
    throw invalid("redisBackend() needs either url or client, and not both.");
  const address = ADDRESS_NAMES.find((name) => options[name] !== undefined);
  if (address !== undefined && (url !== undefined || client !== undefined)) {
    throw invalid(
      `redisBackend() takes ${address} only without ${url === undefined ? "client" : "url"}, which says it already.`,
    );
  }
  if (url !== undefined && !(typeof url === "string" && /^rediss?:\/\//.test(url) && URL.canParse(url)))
    throw invalid(
      'url must be the URL of a Redis server, such as "redis://host:6379" or "rediss://host:6380".',
    );
  if (client !== undefined) {
    if (!isClient(client)) throw invalid("client must be a Redis or a Cluster of the package ioredis.");
    if (client.options?.keyPrefix)
      throw invalid("client must have no keyPrefix of its own: give keyPrefix to redisBackend() instead.");
  }
  if (host !== undefined && !(typeof host === "string" && host.trim() !== ""))
    throw invalid("host must be a name or an address.");
  for (const name of ["username", "password"])
    if (options[name] !== undefined && typeof options[name] !== "string")
      throw invalid(`${name} must be a string.`);
  if (tls === null || !["undefined", "boolean", "object"].includes(typeof tls))
    throw invalid("tls must be true, false or an object of options of Node's tls.connect.");
  if (port !== undefined && !(Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536))
    throw invalid("port must be an integer from 1 to 65535.");
  if (db !== undefined && !(Number.isInteger(db) && Number(db) >= 0))
    throw invalid("db must be an integer from 0.");
}

function checkCluster(cluster: unknown): void {
  if (cluster === undefined || typeof cluster === "boolean") return;
  const nodes = (cluster as { nodes?: unknown } | null)?.nodes;
  const isNode = (node: unknown) => {
    const { host, port } = (node ?? {}) as { host?: unknown; port?: unknown };
    return typeof host === "string" && Number.isInteger(port);
  };
  if (Array.isArray(nodes) && nodes.length > 0 && nodes.every(isNode)) return;
  throw invalid('cluster must be true, false or { nodes: [{ host: "…", port: 6379 }, …] }.');
}

function nameOf(value: unknown, option: string): string {
  if (typeof value === "string" && /^[\w\-.:/]+$/.test(value) && value.length <= LONGEST_NAME) return value;
  throw invalid(
    `${option} must be 1 to ${LONGEST_NAME} letters, digits or any of "-_.:/"; braces would move keys to other slots of a cluster.`,
  );
}

function ttlOf(value: Duration, option: string): number {
  const ms = durationToMs(value, option);
  if (ms >= SHORTEST_TTL_MS && ms <= LONGEST_TTL_MS) return ms;
  throw invalid(`${option} must be from "1s" to "3650d": it counts from the end of a task.`);
}

function replicasOf(value: RedisUse["waitForReplicas"]): ResolvedRedisOptions["replicas"] {
  if (value === undefined) return null;
  if (typeof value !== "object" || value === null)
    throw invalid('waitForReplicas must be { count, timeout }, such as { count: 1, timeout: "1s" }.');
  const { count, timeout = "1s" } = value;
  if (!(Number.isInteger(count) && count >= 1 && count <= 100))
    throw invalid("waitForReplicas.count must be an integer from 1 to 100.");
  const timeoutMs = durationToMs(timeout, "waitForReplicas.timeout");
  if (timeoutMs < 1) throw invalid('waitForReplicas.timeout must be at least "1ms": WAIT would never end.');
  return { count, timeoutMs };
}

/** Checks the options; throws INVALID_OPTION. */
export function resolveRedisOptions(options: RedisBackendOptions): ResolvedRedisOptions {
  if (typeof options !== "object" || options === null)
    throw invalid(
      'redisBackend() needs its options as an object, such as { url: "redis://localhost:6379" }.',
    );
  for (const name of Object.keys(options)) {
    if (NAMES.includes(name)) continue;
    throw invalid(`redisBackend() has no option "${name.slice(0, 60)}".${didYouMean(name, NAMES)}`);
  }
  checkPlace(options as Readonly<Record<string, unknown>>);
  checkCluster(options.cluster);
  const { keyPrefix = "taskwright", consumerGroup = "taskwright", resultTtl, claimTimeout } = options;
  const { completedTaskTtl, blockTimeout } = options;
  const successfulTtlMs = ttlOf(
    completedTaskTtl ?? resultTtl ?? "7d",
    completedTaskTtl === undefined ? "resultTtl" : "completedTaskTtl",
  );
  const claimTimeoutMs = claimTimeout === undefined ? null : durationToMs(claimTimeout, "claimTimeout");
  if (claimTimeoutMs !== null && (claimTimeoutMs < SHORTEST_LEASE_MS || claimTimeoutMs > LONGEST_LEASE_MS))
    throw invalid('claimTimeout must be from "1s" to "1h": it is renewed while its worker lives.');
  const blockTimeoutMs = blockTimeout === undefined ? null : durationToMs(blockTimeout, "blockTimeout");
  if (blockTimeoutMs !== null && blockTimeoutMs < 100)
    throw invalid('blockTimeout must be at least "100ms".');
  return {
    keyPrefix: nameOf(keyPrefix, "keyPrefix"),
    consumerGroup: nameOf(consumerGroup, "consumerGroup"),
    successfulTtlMs,
    failedTtlMs: ttlOf(resultTtl ?? "30d", "resultTtl"),
    claimTimeoutMs,
    blockTimeoutMs,
    replicas: replicasOf(options.waitForReplicas),
  };
}
