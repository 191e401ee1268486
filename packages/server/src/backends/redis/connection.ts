import { TaskError } from "@taskwright/shared";
import type { RedisOptions } from "ioredis";
import { toTaskError } from "./driver-errors.ts";
import type { RedisBackendOptions } from "./options.ts";
import type { RedisClient } from "./redis-client.ts";
import { pauseBefore } from "./retry-pause.ts";

const CONNECT_TIMEOUT_MS = 10_000;
/** No script takes nearly as long. */
const COMMAND_TIMEOUT_MS = 30_000;
/** A connection on which no answer comes for so long is taken to be dead, and made again. */
const SILENCE_TIMEOUT_MS = 20_000;
/** How often a command is sent again after its connection was lost; each is one that may be repeated. */
const MOST_RETRIES = 3;
/** A server that refuses writes so soon after another did is the same one. */
const SAME_REPLICA_MS = 2_000;

function ignore(): void {}

/** Ways to the server, made when they are first needed; those of its own can be ended. */
export class RedisSource {
  readonly #options: RedisBackendOptions;
  readonly #own = new Set<RedisClient>();

  constructor(options: RedisBackendOptions) {
    this.#options = options;
  }

  /** Connects; throws BACKEND_UNAVAILABLE with the reason. */
  async connect(): Promise<{ readonly client: RedisClient; readonly isCluster: boolean }> {
    const { cluster } = this.#options;
    if ("client" in this.#options && this.#options.client !== undefined) {
      const client = this.#options.client as unknown as RedisClient;
      // An error event that nobody listens for is printed.
      client.off("error", ignore);
      client.on("error", ignore);
      return { client, isCluster: client.isCluster === true };
    }
    try {
      if (cluster !== undefined && cluster !== false)
        return { client: await this.#connectCluster(), isCluster: true };
      const client = await this.#connectServer();
      if (cluster === false || !(await isNodeOfCluster(client))) return { client, isCluster: false };
      this.#end(client);
      return { client: await this.#connectCluster(), isCluster: true };
    } catch (error) {
      this.end();
      throw toTaskError(error);
    }
  }

  /**
   * A connection for messages, which is not made yet; of a cluster to any master, as each hears what the others are told.
   * Null while no master is known.
   */
  subscriber(client: RedisClient): RedisClient | null {
    const servers = client.nodes?.("master") ?? [client];
    const server = servers[Math.floor(Math.random() * servers.length)];
    if (server === undefined) return null;
    const subscriber = server.duplicate({
      lazyConnect: true,
      autoResubscribe: false,
      enableOfflineQueue: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: null,
      commandTimeout: COMMAND_TIMEOUT_MS,
      socketTimeout: SILENCE_TIMEOUT_MS,
      connectionName: "taskwright-messages",
    }) as RedisClient;
    subscriber.on("error", ignore);
    return subscriber;
  }

  /** Ends the connections of its own; leaves a given one as it was. */
  end(): void {
    if ("client" in this.#options) this.#options.client?.off("error", ignore);
    for (const client of [...this.#own]) this.#end(client);
  }

  #end(client: RedisClient): void {
    this.#own.delete(client);
    client.disconnect();
  }

  async #connectServer(): Promise<RedisClient> {
    const { Redis } = await loadDriver();
    const { url } = this.#options as { url?: string };
    const options = { ...this.#address(), ...shared(), lazyConnect: true };
    const client = url === undefined ? new Redis(options) : new Redis(url, options);
    let reason: unknown;
    const note = (error: unknown) => {
      reason = error;
    };
    client.on("error", note);
    const own = client as unknown as RedisClient;
    this.#own.add(own);
    try {
      await client.connect();
    } catch (error) {
      throw reason ?? error;
    }
    client.off("error", note);
    client.on("error", ignore);
    return own;
  }

  async #connectCluster(): Promise<RedisClient> {
    const { Cluster } = await loadDriver();
    const { cluster, url } = this.#options as { cluster?: unknown; url?: string };
    const nodes = (cluster as { nodes?: readonly { host: string; port: number }[] } | undefined)?.nodes ?? [];
    const parsed = url === undefined ? null : new URL(url);
    const { host = "localhost", port = 6379, ...rest } = this.#address();
    const first =
      parsed === null ? { host, port } : { host: parsed.hostname, port: Number(parsed.port || 6379) };
    const credentials =
      parsed === null
        ? rest
        : {
            ...(parsed.username === "" ? {} : { username: decodeURIComponent(parsed.username) }),
            ...(parsed.password === "" ? {} : { password: decodeURIComponent(parsed.password) }),
            ...(parsed.protocol === "rediss:" ? { tls: {} } : {}),
          };
    const { maxRetriesPerRequest: _ofCluster, retryStrategy: _ofNodes, ...redisOptions } = shared();
    const client = new Cluster([first, ...nodes], {
      redisOptions: { ...redisOptions, ...credentials },
      clusterRetryStrategy: pauseBefore,
      maxRedirections: 16,
      retryDelayOnFailover: 200,
      retryDelayOnClusterDown: 200,
      retryDelayOnTryAgain: 200,
      lazyConnect: true,
    });
    let reason: unknown;
    client.on("error", (error: unknown) => {
      reason ??= (error as { lastNodeError?: unknown }).lastNodeError ?? error;
    });
    const own = client as unknown as RedisClient;
    this.#own.add(own);
    try {
      await client.connect();
    } catch (error) {
      throw reason ?? error;
    }
    return own;
  }

  #address(): Pick<RedisOptions, "host" | "port" | "db" | "username" | "password" | "tls"> {
    const { host, port, db, username, password, tls } = this.#options as {
      [name in "host" | "username" | "password"]?: string;
    } & { port?: number; db?: number; tls?: boolean | object };
    return {
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ...(db === undefined ? {} : { db }),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(tls === undefined || tls === false ? {} : { tls: tls === true ? {} : tls }),
    };
  }
}

function shared() {
  return {
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SILENCE_TIMEOUT_MS,
    keepAlive: 10_000,
    maxRetriesPerRequest: MOST_RETRIES,
    retryStrategy: pauseBefore,
    reconnectOnError: leaveReplica(),
    connectionName: "taskwright",
  };
}

/**
 * A master that has become a replica is left for the one that took its place, to which the command is sent again; where
 * that is a replica too, the command is refused.
 */
function leaveReplica(): (error: Error) => false | 1 | 2 {
  let leftAt = Number.NEGATIVE_INFINITY;
  return ({ message }) => {
    if (!/\bREADONLY\b/.test(message)) return false;
    const isAgain = performance.now() - leftAt < SAME_REPLICA_MS;
    leftAt = performance.now();
    return isAgain ? 1 : 2;
  };
}

async function isNodeOfCluster(client: RedisClient): Promise<boolean> {
  // Where INFO is forbidden it is taken for a single server, which the errors of a cluster contradict.
  const info = await client.call("info", ["cluster"]).catch(() => "");
  return /^cluster_enabled:1/m.test(String(info));
}

async function loadDriver() {
  return import("ioredis").catch((cause: unknown) => {
    throw new TaskError({
      code: "BACKEND_UNAVAILABLE",
      message: "redisBackend() needs the package ioredis: npm install ioredis",
      cause,
    });
  });
}
