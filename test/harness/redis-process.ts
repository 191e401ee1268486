import type { TestContext } from "vitest";
import type { OwnServer } from "./own-servers/own-server.ts";
import { startServer } from "./own-servers/provide-servers.ts";
import { type RedisConfig, redisRecipes } from "./own-servers/redis-recipes.ts";
import { freeRestartPort } from "./own-servers/restart-port.ts";
import { onRedis } from "./redis-server.ts";
import { missingService, skipUnlessFound } from "./services.ts";

/** As long as it may take to start a cluster, which is waited for. */
const END_PATIENCE_MS = 120_000;

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
export function startRedis(context: TestContext, options: RedisProcessOptions = {}): Promise<RedisProcess> {
  return endingWith(context, RedisProcess.launch(options), "restarts of Redis");
}

/** Ends what is started from Redis with the test that needs it; skips the test, with this left out, where there is no program to start. */
export async function endingWith<T extends AsyncDisposable>(
  context: TestContext,
  starting: Promise<T>,
  untested: string,
): Promise<T> {
  const settled = starting.catch((error: Error) => error);
  // Before it has started, because the test may be given up while it waits for that.
  context.onTestFinished(async () => {
    const started = await settled;
    if (!(started instanceof Error)) await started[Symbol.asyncDispose]();
  }, END_PATIENCE_MS);
  const started = await settled;
  if (!(started instanceof Error)) return started;
  // What is installed and cannot be started, or forms no cluster, is a failure.
  if (redisRecipes().length === 0) {
    const reason = `none could be started: ${started.message}`;
    skipUnlessFound(context, missingService("redis", reason), untested);
  }
  throw started;
}
