import { randomUUID } from "node:crypto";
import type { StopWatching, Wakeups } from "../../backend/index.ts";
import { type ReadyWatch, Watches } from "../watches/watches.ts";
import { nameList } from "./name-list.ts";
import type { ResolvedRedisOptions } from "./options.ts";
import type { Partitions } from "./partitions.ts";
import type { RedisClient } from "./redis-client.ts";
import type { Script } from "./scripts/script.ts";
import { AWAIT_READY, AWAIT_RESULTS, FORGO_RESULTS } from "./scripts/watching.ts";
import { Subscription } from "./subscription.ts";

/** How long the connection for messages is kept when nobody watches any more. */
const LINGER_MS = 10_000;
/** How often those who wait for results say so again. */
const REPEAT_EVERY_MS = 120_000;
const FORGO_AFTER_MS = 1_000;
const LOOK_EVERY_MS = 30_000;
const LOOK_EVERY_ON_CLUSTER_MS = 300_000;

type Wake = () => void;

/** What the watches need of the open store. */
interface Store {
  readonly partitions: Partitions;
  subscriber(): RedisClient | null;
  run(script: Script, partition: string, args: readonly string[]): Promise<unknown>;
  runEach(
    script: Script,
    ids: readonly string[],
    parts: {
      readonly idOf: (id: string) => string;
      readonly args: (ids: readonly string[]) => readonly string[];
    },
  ): Promise<unknown>;
}

/** Whether a worker's last claim found all it asked for. */
type IsFull = boolean;

/** Wakes watchers when a script of any process publishes that there is something for them. */
export class RedisWakeups implements Wakeups {
  readonly #blockTimeoutMs: number | null;
  readonly #handle: Store;
  /** What this process is called in the store. */
  readonly process: string = randomUUID();
  readonly #watches = new Watches();
  readonly #paths = new Set<string>();
  readonly #claimers = new Map<string, IsFull>();
  readonly #results = new Map<string, number>();
  #newResults = new Set<string>();
  #forgone = new Set<string>();
  #subscription: Subscription | null = null;
  #repeat: NodeJS.Timeout | null = null;
  #linger: NodeJS.Timeout | null = null;
  #forgo: NodeJS.Timeout | null = null;
  #isOpen = false;

  constructor(handle: Store, { blockTimeoutMs }: Pick<ResolvedRedisOptions, "blockTimeoutMs">) {
    this.#handle = handle;
    this.#blockTimeoutMs = blockTimeoutMs;
  }

  /** Rarer on a cluster, where a look at nothing is a command for each partition. */
  get lookEveryMs(): number {
    const isCluster = this.#handle.partitions.keys.length > 1;
    return this.#blockTimeoutMs ?? (isCluster ? LOOK_EVERY_ON_CLUSTER_MS : LOOK_EVERY_MS);
  }

  watchReady(request: ReadyWatch): StopWatching {
    const stop = this.#watching(this.#watches.addReady(request), () => this.#withdraw());
    this.#whenListening(() => this.#announceReady());
    return stop;
  }

  watchCancels({ workerId, wake }: { readonly workerId: string; readonly wake: Wake }): StopWatching {
    const channel = this.#cancelsOf(workerId);
    const stop = this.#watching(this.#watches.addCancels(workerId, wake), () => {
      this.#claimers.delete(workerId);
      this.#subscription?.leave(channel);
    });
    this.#subscription?.join(channel, () => this.#watches.wakeCancels(workerId));
    return stop;
  }

  watchResult({ id, wake }: { readonly id: string; readonly wake: Wake }): StopWatching {
    this.#results.set(id, (this.#results.get(id) ?? 0) + 1);
    const stop = this.#watching(this.#watches.addResult(id, wake), () => this.#endResult(id));
    this.#forgone.delete(id);
    if (this.#newResults.size === 0) queueMicrotask(() => this.#whenListening(() => this.#announceResults()));
    this.#newResults.add(id);
    return stop;
  }

  /** The three arguments of a claim about waking: see scripts/claim.ts. */
  claimInterest(workerId: string, paths: readonly string[]): readonly [string, string, string] {
    if (!this.#watches.hasReady || this.#subscription?.isListening !== true) return ["", "", "0"];
    for (const path of paths) this.#paths.add(path);
    const others = [...this.#claimers].some(([id, isFull]) => id !== workerId && !isFull);
    return [this.process, this.#interest([...this.#paths]), others ? "0" : "1"];
  }

  /** Notes whether a worker's claim found all it asked for. */
  noteClaim(workerId: string, isFull: boolean): void {
    if (this.#watches.hasReady) this.#claimers.set(workerId, isFull);
  }

  /** Wakes workers of this process, which has put something in line. */
  ready(): void {
    this.#watches.wakeReady();
  }

  /** Wakes those of this process who wait for these results. */
  results(ids: readonly string[]): void {
    if (this.#watches.hasResults) this.#watches.wakeResults(ids);
  }

  /** Allows watches after {@link close}. */
  open(): void {
    this.#isOpen = true;
    if (this.#watches.isAny) this.#listen();
  }

  /** Ends the watches and the connection. */
  async close(): Promise<void> {
    this.#isOpen = false;
    const hadReady = this.#watches.hasReady;
    this.#watches.clear();
    this.#results.clear();
    if (hadReady) await this.#say(AWAIT_READY, [this.process, ""]);
    this.#hangUp();
  }

  #cancelsOf(workerId: string): string {
    return `${this.#handle.partitions.channel}:cancels:${workerId}`;
  }

  #interest(paths: readonly string[] | null): string {
    const queues = this.#watches.readyQueues;
    const names = queues.includes("all") ? null : [...new Set((queues as string[][]).flat())];
    return `${names === null ? "*" : nameList(names)}\u0001${paths === null ? "*" : nameList(paths)}`;
  }

  #watching(remove: () => unknown, onStop: () => void): StopWatching {
    if (this.#linger !== null) clearTimeout(this.#linger);
    this.#linger = null;
    if (this.#isOpen) this.#listen();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      remove();
      onStop();
      if (!this.#watches.isAny && this.#isOpen)
        this.#linger ??= setTimeout(() => this.#hangUp(), LINGER_MS).unref();
    };
  }

  #listen(): void {
    if (this.#subscription !== null) return;
    const { channel } = this.#handle.partitions;
    const own = `${channel}:to:${this.process}`;
    this.#subscription = new Subscription({
      channel: own,
      connect: () => this.#handle.subscriber(),
      onMessage: (name, message) => this.#hear(name, message),
      onListening: () => void this.#announceAll(),
    });
    this.#repeat ??= setInterval(
      () => this.#announceResults([...this.#results.keys()]),
      REPEAT_EVERY_MS,
    ).unref();
  }

  #hear(channel: string, message: string): void {
    const cancels = `${this.#handle.partitions.channel}:cancels:`;
    if (channel.startsWith(cancels)) this.#watches.wakeCancels(channel.slice(cancels.length));
    else if (message === "ready") this.#watches.wakeReady();
    else if (message.startsWith("results ")) this.#watches.wakeResults(message.split(" ").slice(1));
  }

  /** After the connection was made, or made again: what was said meanwhile is lost, so everybody looks. */
  async #announceAll(): Promise<void> {
    await Promise.all([this.#announceReady(), this.#announceResults([...this.#results.keys()])]);
    this.#watches.wakeEverybody();
  }

  #whenListening(run: () => void): void {
    // Else it is done once the connection is there.
    if (this.#subscription?.isListening === true) run();
  }

  async #announceReady(): Promise<void> {
    if (!this.#watches.hasReady) return;
    await this.#say(AWAIT_READY, [this.process, this.#interest(null)]);
    this.#watches.wakeReady();
  }

  #withdraw(): void {
    if (!this.#watches.hasReady && this.#isOpen) void this.#say(AWAIT_READY, [this.process, ""]);
  }

  async #announceResults(ids: readonly string[] = [...this.#newResults]): Promise<void> {
    this.#newResults = new Set();
    if (ids.length === 0) return;
    try {
      await this.#handle.runEach(AWAIT_RESULTS, ids, {
        idOf: (id) => id,
        args: (some) => [this.process, ...some],
      });
    } catch {
      // Those who wait look now and then, and it is said again.
      return;
    }
    this.#watches.wakeResults(ids);
  }

  #endResult(id: string): void {
    const left = (this.#results.get(id) ?? 1) - 1;
    if (left > 0) {
      this.#results.set(id, left);
      return;
    }
    this.#results.delete(id);
    this.#newResults.delete(id);
    this.#forgone.add(id);
    this.#forgo ??= setTimeout(() => {
      this.#forgo = null;
      const ids = [...this.#forgone];
      this.#forgone = new Set();
      if (!this.#isOpen || ids.length === 0) return;
      // Where that fails, it is forgotten by itself.
      this.#handle
        .runEach(FORGO_RESULTS, ids, { idOf: (one) => one, args: (some) => [this.process, ...some] })
        .catch(() => undefined);
    }, FORGO_AFTER_MS).unref();
  }

  async #say(script: typeof AWAIT_READY, args: readonly string[]): Promise<void> {
    const { keys } = this.#handle.partitions;
    // What is not said is found by looking now and then.
    await Promise.all(keys.map((key) => this.#handle.run(script, key, args))).catch(() => undefined);
  }

  #hangUp(): void {
    if (this.#linger !== null) clearTimeout(this.#linger);
    if (this.#repeat !== null) clearInterval(this.#repeat);
    if (this.#forgo !== null) clearTimeout(this.#forgo);
    this.#linger = null;
    this.#repeat = null;
    this.#forgo = null;
    this.#subscription?.end();
    this.#subscription = null;
  }
}
