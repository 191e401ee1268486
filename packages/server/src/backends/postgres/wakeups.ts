import { randomUUID } from "node:crypto";
import type { StopWatching, Wakeups } from "../../backend/index.ts";
import type { ListenConnection } from "./listen-connection.ts";

/** For how long an announcement counts, and how often it is repeated. */
const ANNOUNCED_FOR_MS = 150_000;
const ANNOUNCE_EVERY_MS = 60_000;
/** How long the connection is kept when nobody watches any more. */
const LINGER_MS = 10_000;
/** How often watchers look while nobody would tell them: at first, and after nothing has come of it for a while. */
const FIRST_POLL_MS = 50;
const LONGEST_POLL_MS = 1_000;
/**
 * When to look once more after announcing: what was being enqueued meanwhile was not told, and a large enqueue takes a
 * while.
 */
const LOOK_AFTER_MS: readonly number[] = [50, 250, 1_000, 5_000];
/** How often workers look although nobody has told them of anything. */
const LOOK_EVERY_MS = 30_000;
/** A payload holds at most 8,000 bytes. */
const MOST_IDS = 200;

type Wake = () => void;

/** What a process announces to others. */
export interface Announcement {
  readonly id: string;
  readonly queues: readonly string[] | null;
  readonly awaitsReady: boolean;
  readonly awaitsResults: boolean;
  readonly forMs: number;
}

/** What the watches need of the database. */
interface Store {
  announce(announcement: Announcement): Promise<void>;
  withdraw(id: string): Promise<void>;
  /** Says something to all, to those who are idle, or to those who wait for results. */
  notify(to: "all" | "idle" | "waiting", payload: string): Promise<void>;
  /** Called when others have put task results for later into the store. */
  onLater(): void;
}

interface ReadyWatch {
  readonly queues: readonly string[] | "all";
  readonly wake: Wake;
}

/**
 * Wakes watchers when this process changes something, and when another one says so by NOTIFY; without a connection that
 * listens, watchers are woken now and then.
 */
export class PostgresWakeups implements Wakeups {
  readonly #id = randomUUID();
  readonly #store: Store;
  readonly #connection: ListenConnection | null;
  readonly #onReady = new Set<ReadyWatch>();
  readonly #onCancel = new Map<string, Set<Wake>>();
  readonly #onResult = new Map<string, Set<Wake>>();
  /** What others have been told that this process listens for, as JSON. */
  #announced: string | null = null;
  #said: Announcement | null = null;
  #announcing: Promise<void> = Promise.resolve();
  #repeat: NodeJS.Timeout | null = null;
  #linger: NodeJS.Timeout | null = null;
  #poll: NodeJS.Timeout | null = null;
  #pollMs = FIRST_POLL_MS;
  readonly lookEveryMs: number = LOOK_EVERY_MS;
  readonly #looks: NodeJS.Timeout[] = [];
  #isIdle = true;
  #isClosed = false;

  constructor(
    store: Store,
    connect: (handle: { onMessage(payload: string): void; onListening(): void }) => ListenConnection | null,
  ) {
    this.#store = store;
    this.#connection = connect({
      onMessage: (payload) => this.#hear(payload),
      onListening: () => {
        this.#announced = null;
        this.#announce();
      },
    });
  }

  watchReady(request: ReadyWatch): StopWatching {
    const watch = { ...request };
    this.#onReady.add(watch);
    return this.#watching(() => this.#onReady.delete(watch));
  }

  watchCancels({ workerId, wake }: { readonly workerId: string; readonly wake: Wake }): StopWatching {
    return this.#watching(addTo(this.#onCancel, workerId, wake));
  }

  watchResult({ id, wake }: { readonly id: string; readonly wake: Wake }): StopWatching {
    return this.#watching(addTo(this.#onResult, id, wake));
  }

  /** Wakes workers of this process. */
  ready(): void {
    this.#pollSoon();
    for (const { wake } of [...this.#onReady]) wake();
  }

  /** Wakes workers of this process and of others. */
  readyEverywhere(): void {
    this.ready();
    this.#tell("idle", "later");
  }

  /** Wakes those who wait for these results, in other processes when one of them waits. */
  results(ids: readonly string[], isAwaitedElsewhere: boolean | "unknown"): void {
    for (const id of ids) for (const wake of [...(this.#onResult.get(id) ?? [])]) wake();
    if (isAwaitedElsewhere === false || ids.length === 0) return;
    this.#tell("waiting", ids.length > MOST_IDS ? "results" : `results ${ids.join(" ")}`);
  }

  /** Tells the worker of a task result that it is to be cancelled. */
  cancel(workerId: string): void {
    for (const wake of [...(this.#onCancel.get(workerId) ?? [])]) wake();
    this.#tell("all", `cancel ${workerId}`);
  }

  /** Whether the last claim found less than it asked for. */
  get isIdle(): boolean {
    return this.#isIdle;
  }

  /** Notes whether a claim found all it asked for; resolves to true when another look is due because others did not know that this process is idle. */
  async noteClaim(isFull: boolean, isEmpty: boolean): Promise<boolean> {
    if (!isEmpty) this.#pollSoon();
    if (this.#isIdle !== isFull || this.#onReady.size === 0) return false;
    this.#isIdle = !isFull;
    if (this.#connection?.isListening !== true) return false;
    this.#announce();
    if (isFull) return false;
    await this.#announcing;
    return true;
  }

  /** Ends the watches and the connection. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#onReady.clear();
    this.#onCancel.clear();
    this.#onResult.clear();
    await this.#announcing;
    await this.#hangUp();
  }

  /** Allows watches again after {@link close}. */
  open(): void {
    this.#isClosed = false;
  }

  get #isWatched(): boolean {
    return this.#onReady.size + this.#onCancel.size + this.#onResult.size > 0;
  }

  #watching(remove: () => unknown): StopWatching {
    if (!this.#isClosed) {
      if (this.#linger !== null) clearTimeout(this.#linger);
      this.#linger = null;
      this.#connection?.start();
      this.#announce();
      this.#pollSoon();
    }
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      remove();
      if (this.#isWatched || this.#isClosed) return;
      this.#linger ??= setTimeout(() => void this.#hangUp(), LINGER_MS).unref();
    };
  }

  /** Tells others what this process listens for, when that has changed; then its watchers look once. */
  #announce(): void {
    if (this.#connection?.isListening !== true || this.#isClosed) return;
    const queues = [...this.#onReady].map((watch) => watch.queues);
    const announcement: Announcement = {
      id: this.#id,
      queues: queues.includes("all") ? null : [...new Set((queues as string[][]).flat())],
      awaitsReady: this.#isIdle && this.#onReady.size > 0,
      awaitsResults: this.#onResult.size > 0,
      forMs: ANNOUNCED_FOR_MS,
    };
    const announced = JSON.stringify(announcement);
    if (announced === this.#announced) return;
    this.#announced = announced;
    this.#said = announcement;
    this.#announcing = this.#announcing.then(() => this.#send(announcement));
    // Said again before it is over, which is news to nobody.
    this.#repeat ??= setInterval(() => {
      if (this.#connection?.isListening === true && this.#said !== null)
        this.#store.announce(this.#said).catch(() => undefined);
    }, ANNOUNCE_EVERY_MS).unref();
  }

  async #send(announcement: Announcement): Promise<void> {
    try {
      await this.#store.announce(announcement);
    } catch {
      // Said again at the next change or in a while; until then watchers poll.
      this.#announced = null;
      return;
    }
    this.#wakeAll();
    for (const timer of this.#looks.splice(0)) clearTimeout(timer);
    this.#looks.push(...LOOK_AFTER_MS.map((ms) => setTimeout(() => this.#wakeAll(), ms).unref()));
  }

  #wakeAll(): void {
    for (const { wake } of [...this.#onReady]) wake();
    for (const wakes of [...this.#onResult.values(), ...this.#onCancel.values()]) {
      for (const wake of [...wakes]) wake();
    }
  }

  /** Begins to poll anew, where nobody tells this process of what others do. */
  #pollSoon(): void {
    this.#pollMs = FIRST_POLL_MS;
    if (this.#poll !== null && this.#connection?.isListening !== true) {
      clearTimeout(this.#poll);
      this.#poll = null;
    }
    this.#pollLater();
  }

  #pollLater(): void {
    if (this.#poll !== null || this.#isClosed || !this.#isWatched || this.#connection?.isListening === true)
      return;
    // Processes that began together should not look together for ever.
    this.#poll = setTimeout(
      () => {
        this.#poll = null;
        this.#pollMs = Math.min(this.#pollMs * 1.5, LONGEST_POLL_MS);
        this.#wakeAll();
        this.#pollLater();
      },
      this.#pollMs * (0.9 + 0.2 * Math.random()),
    ).unref();
  }

  #hear(payload: string): void {
    const [kind, ...names] = payload.split(" ");
    if (kind === "ready") this.ready();
    else if (kind === "later") {
      this.#store.onLater();
      this.ready();
    } else if (kind === "cancel") {
      for (const wake of [...(this.#onCancel.get(names.join(" ")) ?? [])]) wake();
    } else if (kind === "results") {
      const ids = names.length > 0 ? names : [...this.#onResult.keys()];
      for (const id of ids) for (const wake of [...(this.#onResult.get(id) ?? [])]) wake();
    }
  }

  #tell(to: "all" | "idle" | "waiting", payload: string): void {
    // What is not told is found by polling.
    this.#store.notify(to, payload).catch(() => undefined);
  }

  async #hangUp(): Promise<void> {
    if (this.#linger !== null) clearTimeout(this.#linger);
    this.#linger = null;
    if (this.#repeat !== null) clearInterval(this.#repeat);
    this.#repeat = null;
    this.#connection?.stop();
    if (this.#poll !== null) clearTimeout(this.#poll);
    this.#poll = null;
    for (const timer of this.#looks.splice(0)) clearTimeout(timer);
    const isAnnounced = this.#announced !== null;
    this.#announced = null;
    // Where that fails, the announcement ends by itself.
    if (isAnnounced) await this.#store.withdraw(this.#id).catch(() => undefined);
  }
}

function addTo(watches: Map<string, Set<Wake>>, key: string, wake: Wake): () => void {
  const wakes = watches.get(key) ?? new Set();
  watches.set(key, wakes);
  // A function of its own for each call: the same callback may be given twice.
  const entry = () => wake();
  wakes.add(entry);
  return () => {
    wakes.delete(entry);
    if (wakes.size === 0 && watches.get(key) === wakes) watches.delete(key);
  };
}
