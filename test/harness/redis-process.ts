import type { TestContext } from "vitest";
import type { OwnServer } from "./own-servers/own-server.ts";
import { startServer } from "./own-servers/provide-servers.ts";
import { type RedisConfig, redisRecipes } from "./own-servers/redis-recipes.ts";
import { freeRestartPort } from "./own-servers/restart-port.ts";
import { onRedis } from "./redis-server.ts";
import { missingService, skipUnlessFound } from "./services.ts";

/** What a test's own server is to be like. */
export interface RedisProcessOptions {
  /** Whether it keeps what was written over a restart; false unless told. */
  readonly appendOnly?: boolean;
  /** Instead of a free one. */
  readonly port?: number;
  /** Further settings as they stand in redis.conf, which win; `{ requirepass: '""' }` lets everybody in. */
  readonly config?: RedisConfig;
}

/** A Redis server on a port of 127.0.0.1, with its data in a temporary folder and a password that its URL holds. */
export class RedisProcess implements AsyncDisposable {
  readonly port: number;
  readonly #server: OwnServer;

  private constructor(server: OwnServer, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Starts a server, and waits until it answers; whoever does it removes it. */
  static async launch(options: RedisProcessOptions = {}): Promise<RedisProcess> {
    const port = options.port ?? (await freeRestartPort());
    const config = { appendonly: options.appendOnly ? "yes" : "no", ...options.config };
    return new RedisProcess(await startServer("redis", redisRecipes({ port, config })), port);
  }

  get url(): string {
    return this.#server.url;
  }

  /** Starts it again after {@link stop} or {@link kill}, with the same folder and port, and waits until it answers. */
  start(): Promise<void> {
    return this.#server.start();
  }

  /** Ends it as an administrator would, and waits until it is gone. */
  stop(): Promise<void> {
    return this.#server.stop("SIGTERM");
  }

  /** Ends it without warning, as a crash would, and waits until it is gone. */
  kill(): Promise<void> {
    return this.#server.stop("SIGKILL");
  }

  /** Sends a command, such as `cli("config", "set", "appendfsync", "always")`; resolves to the reply, rejects with the error. */
  cli(command: string, ...args: readonly string[]): Promise<unknown> {
    return onRedis(this.url, (redis) => redis.call(command, ...args));
  }

  /** Ends it, and removes its folder. */
  remove(): Promise<void> {
    return this.#server.remove();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.remove();
  }
}

/** Starts a server of the test's own, which it may stop and start and which ends with it; skips the test without one. */
export async function startRedis(
  context: TestContext,
  options: RedisProcessOptions = {},
): Promise<RedisProcess> {
  const server = await RedisProcess.launch(options).catch((error: Error) => error);
  if (server instanceof Error) {
    const reason = `none could be started: ${server.message}`;
    skipUnlessFound(context, missingService("redis", reason), "restarts of Redis");
    throw server;
  }
  context.onTestFinished(() => server.remove());
  return server;
}
