import { TaskError } from "@taskwright/shared";
import type { RedisSource } from "./connection.ts";
import { toTaskError } from "./driver-errors.ts";
import type { ResolvedRedisOptions } from "./options.ts";
import { PARTITIONS_ON_CLUSTER, Partitions } from "./partitions.ts";
import type { RedisClient } from "./redis-client.ts";
import { pauseBefore } from "./retry-pause.ts";
import type { Script } from "./scripts/script.ts";
import { RedisWakeups } from "./wakeups.ts";

type ScriptArgument = string | number;

/** What a node of a cluster answers that does not serve the slot, or not now. */
const REDIRECTION = /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN) /;
/** How often a pipeline is sent to where the slot is by then. */
const MOST_REDIRECTIONS = 8;

/** Gives facets the open store: its scripts and its partitions. */
export class StoreHandle {
  readonly options: ResolvedRedisOptions;
  readonly wakeups: RedisWakeups;
  readonly #source: RedisSource;
  #client: RedisClient | null = null;
  #partitions: Partitions;
  #first = 0;

  constructor(options: ResolvedRedisOptions, source: RedisSource) {
    this.options = options;
    this.#source = source;
    this.#partitions = new Partitions(options.keyPrefix, 1);
    this.wakeups = new RedisWakeups(this, options);
  }

  get partitions(): Partitions {
    return this.#partitions;
  }

  /** The connection; throws CLOSED before {@link use} and after {@link leave}. */
  get client(): RedisClient {
    if (this.#client === null)
      throw new TaskError({ code: "CLOSED", message: "The Redis backend is not open." });
    return this.#client;
  }

  /** Begins to use a connection. */
  use(client: RedisClient, isCluster: boolean): void {
    this.#client = client;
    this.#partitions = new Partitions(this.options.keyPrefix, isCluster ? PARTITIONS_ON_CLUSTER : 1);
  }

  /** Uses the connection no more. */
  leave(): void {
    this.#client = null;
  }

  /** A connection of its own for messages, not made yet; null where none can be made now. */
  subscriber(): RedisClient | null {
    return this.#client === null ? null : this.#source.subscriber(this.#client);
  }

  /** Runs a script on a partition; throws a TaskError for what the server or the driver said. */
  async run<T>(script: Script, partition: string, args: readonly ScriptArgument[]): Promise<T> {
    const { client } = this;
    try {
      const attempt = ([name, ...rest]: readonly ScriptArgument[]) => client.call(String(name), rest);
      return (await withScript(script, attempt, this.#keysOf(partition), args)) as T;
    } catch (error) {
      throw toTaskError(error);
    }
  }

  /**
   * The keys that a script is announced with. On a cluster they are two, of which the first never exists: while their slot
   * moves to another node, with a part of the partition here and a part there, neither node runs anything (TRYAGAIN).
   */
  #keysOf(partition: string): readonly string[] {
    return this.#partitions.keys.length === 1 ? [partition] : [partition, `${partition}version`];
  }

  /** Runs a script on the partitions of some items, and puts the answers in the order of the items. */
  async runEach<TItem, TAnswer>(
    script: Script,
    items: readonly TItem[],
    parts: {
      readonly idOf: (item: TItem) => string;
      readonly args: (items: readonly TItem[]) => readonly ScriptArgument[];
    },
  ): Promise<readonly TAnswer[]> {
    const answers = new Array<TAnswer>(items.length);
    await Promise.all(
      this.partitions.divide(items, parts.idOf).map(async (portion) => {
        const found = await this.run<readonly TAnswer[]>(script, portion.key, parts.args(portion.items));
        for (const [place, index] of portion.indexes.entries()) answers[index] = found[place] as TAnswer;
      }),
    );
    return answers;
  }

  /** All partitions, each time beginning with another one. */
  nextPartitions(): readonly string[] {
    const { keys } = this.#partitions;
    if (keys.length === 1) return keys;
    this.#first = (this.#first + 1) % keys.length;
    return [...keys.slice(this.#first), ...keys.slice(0, this.#first)];
  }

  /**
   * Runs a script like {@link run}, and waits until as many replicas have what it wrote as the options say; on the same
   * connection, as only what was written there is waited for.
   */
  async runConfirmed<T>(script: Script, partition: string, args: readonly ScriptArgument[]): Promise<T> {
    const { answer, missing } = await this.runCounted<T>(script, partition, args);
    if (missing !== null) throw missing;
    return answer;
  }

  /** As {@link runConfirmed}, but gives the answer too where too few replicas have confirmed it, with the error of that. */
  async runCounted<T>(
    script: Script,
    partition: string,
    args: readonly ScriptArgument[],
  ): Promise<{ readonly answer: T; readonly missing: TaskError | null }> {
    const { replicas } = this.options;
    if (replicas === null) return { answer: await this.run(script, partition, args), missing: null };
    const attempt = async (command: readonly ScriptArgument[]) => {
      const [answer, waited] = await this.#pipeline([command, ["wait", replicas.count, replicas.timeoutMs]]);
      const reached = Number(waited);
      if (reached >= replicas.count) return { answer: answer as T, missing: null };
      const missing = new TaskError({
        code: "BACKEND_UNAVAILABLE",
        message: `Redis: ${reached} of ${replicas.count} replicas confirmed what was stored within ${replicas.timeoutMs} ms; the master has it, and loses it if it fails before they catch up.`,
      });
      return { answer: answer as T, missing };
    };
    try {
      return await withScript(script, attempt, this.#keysOf(partition), args);
    } catch (error) {
      throw toTaskError(error);
    }
  }

  /** Sends commands on one connection, the first of which may be repeated; throws the first error. */
  async #pipeline(commands: readonly (readonly ScriptArgument[])[]): Promise<readonly unknown[]> {
    for (let tries = 1; ; tries++) {
      const answers = (await this.client.pipeline(commands).exec()) ?? [];
      const error = answers.find(([one]) => one !== null)?.[0];
      if (error == null) return answers.map(([, answer]) => answer);
      if (tries === MOST_REDIRECTIONS || !REDIRECTION.test(error.message)) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseBefore(tries)));
      // The driver follows no redirection of a part of a pipeline; of this it learns where the slot is now.
      const [name, ...rest] = commands[0] as readonly ScriptArgument[];
      await this.client.call(String(name), rest);
    }
  }

  /** The channel of all, and this process, which is told nothing of what it does itself. */
  get sender(): string {
    return `${this.#partitions.channel} ${this.wakeups.process}`;
  }

  /** What begins the arguments of scripts that end attempts: see scripts/ending.ts. */
  endingArguments(now: number): readonly ScriptArgument[] {
    const { consumerGroup, successfulTtlMs, failedTtlMs } = this.options;
    return [now, consumerGroup, this.sender, successfulTtlMs, failedTtlMs, failedTtlMs];
  }
}

/** Runs a script by its digest, or whole where the server does not have it: after a restart, a failover, SCRIPT FLUSH. */
async function withScript<T>(
  { sha, text }: Script,
  attempt: (command: readonly ScriptArgument[]) => Promise<T>,
  keys: readonly string[],
  args: readonly ScriptArgument[],
): Promise<T> {
  try {
    return await attempt(["evalsha", sha, keys.length, ...keys, ...args]);
  } catch (error) {
    if (!String((error as Error | null)?.message).startsWith("NOSCRIPT")) throw error;
    return attempt(["eval", text, keys.length, ...keys, ...args]);
  }
}
