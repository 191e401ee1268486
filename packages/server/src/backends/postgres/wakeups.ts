import { randomUUID } from "node:crypto";
import type { StopWatching, Wakeups } from "../../backend/index.ts";
import { PollTimer } from "../sql/poll-timer.ts";
import { type ReadyWatch, Watches } from "../watches/watches.ts";
import type { ListenConnection } from "./listen-connection.ts";

/** For how long an announcement counts, and how often it is repeated. */
const ANNOUNCED_FOR_MS = 150_000;
const ANNOUNCE_EVERY_MS = 60_000;
/** How long the connection is kept when nobody watches any more. */
const LINGER_MS = 10_000;
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

/**
 * Wakes watchers when this process changes something, and when another one says so by NOTIFY; without a connection that
 * listens, watchers are woken now and then.
 */
export class PostgresWakeups implements Wakeups {
  readonly #id = randomUUID();
  readonly #store: Store;
  readonly #connection: ListenConnection | null;
  readonly #watches = new Watches();
  readonly #poll: PollTimer;
  /** What others have been told that this process listens for, as JSON. */
  #announced: string | null = null;
  #said: Announcement | null = null;
  #announcing: Promise<void> = Promise.resolve();
  #repeat: NodeJS.Timeout | null = null;
  #linger: NodeJS.Timeout | null = null;
  readonly lookEveryMs: number = LOOK_EVERY_MS;
  readonly #looks: NodeJS.Timeout[] = [];
  #isIdle = true;
  #isClosed = false;

  /** @param longestPollMs how seldom watchers look where nobody tells them, when nothing has come of it for a while */
  constructor(
    store: Store,
    connect: (handle: { onMessage(payload: string): void; onListening(): void }) => ListenConnection | null,
    longestPollMs: number,
  ) {
    this.#store = store;
    this.#poll = new PollTimer(
      () => !this.#isClosed && this.#watches.isAny && this.#connection?.isListening !== true,
      () => this.#watches.wakeEverybody(),
      longestPollMs,
    );
    this.#connection = connect({
      onMessage: (payload) => this.#hear(payload),
      onListening: () => {
        this.#announced = null;
        this.#announce();
      },
    });
  }

  watchReady(request: ReadyWatch): StopWatching {
    return this.#watching(this.#watches.addReady(request));
  }

  watchCancels({ workerId, wake }: { readonly workerId: string; readonly wake: Wake }): StopWatching {
    return this.#watching(this.#watches.addCancels(workerId, wake));
  }

  watchResult({ id, wake }: { readonly id: string; readonly wake: Wake }): StopWatching {
    return this.#watching(this.#watches.addResult(id, wake));
  }

  /** Wakes workers of this process. */
  ready(): void {
    this.#poll.soon();
    this.#watches.wakeReady();
  }

  /** Wakes workers of this process and of others. */
  readyEverywhere(): void {
    this.ready();
    this.#tell("idle", "later");
  }

  /** Wakes those who wait for these results, in other processes when one of them waits. */
  results(ids: readonly string[], isAwaitedElsewhere: boolean | "unknown"): void {
    this.#watches.wakeResults(ids);
    if (isAwaitedElsewhere === false || ids.length === 0) return;
    this.#tell("waiting", ids.length > MOST_IDS ? "results" : `results ${ids.join(" ")}`);
  }

  /** Tells the worker of a task result that it is to be cancelled. */
  cancel(workerId: string): void {
    this.#watches.wakeCancels(workerId);
    this.#tell("all", `cancel ${workerId}`);
  }

  /** Whether the last claim found less than it asked for. */
  get isIdle(): boolean {
    return this.#isIdle;
  }

  /** Notes whether a claim found all it asked for; resolves to true when another look is due because others did not know that this process is idle. */
  async noteClaim(isFull: boolean, isEmpty: boolean): Promise<boolean> {
    if (!isEmpty) this.#poll.soon();
    if (this.#isIdle !== isFull || !this.#watches.hasReady) return false;
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
    this.#watches.clear();
    await this.#announcing;
    await this.#hangUp();
  }

  /** Allows watches again after {@link close}. */
  open(): void {
    this.#isClosed = false;
  }

  #watching(remove: () => unknown): StopWatching {
    if (!this.#isClosed) {
      if (this.#linger !== null) clearTimeout(this.#linger);
      this.#linger = null;
      this.#connection?.start();
      this.#announce();
      this.#poll.soon();
    }
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      remove();
      if (this.#watches.isAny || this.#isClosed) return;
      this.#linger ??= setTimeout(() => void this.#hangUp(), LINGER_MS).unref();
    };
  }

  /** Tells others what this process listens for, when that has changed; then its watchers look once. */
  #announce(): void {
    if (this.#connection?.isListening !== true || this.#isClosed) return;
    const queues = this.#watches.readyQueues;
    const announcement: Announcement = {
      id: this.#id,
      queues: queues.includes("all") ? null : [...new Set((queues as string[][]).flat())],
      awaitsReady: this.#isIdle && this.#watches.hasReady,
      awaitsResults: this.#watches.hasResults,
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
    this.#watches.wakeEverybody();
    for (const timer of this.#looks.splice(0)) clearTimeout(timer);
    this.#looks.push(
      ...LOOK_AFTER_MS.map((ms) => setTimeout(() => this.#watches.wakeEverybody(), ms).unref()),
    );
  }

  #hear(payload: string): void {
    const [kind, ...names] = payload.split(" ");
    if (kind === "ready") this.ready();
    else if (kind === "later") {
      this.#store.onLater();
      this.ready();
    } else if (kind === "cancel") {
      this.#watches.wakeCancels(names.join(" "));
    } else if (kind === "results") {
      this.#watches.wakeResults(names.length > 0 ? names : "all");
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
    this.#poll.stop();
    for (const timer of this.#looks.splice(0)) clearTimeout(timer);
    const isAnnounced = this.#announced !== null;
    this.#announced = null;
    // Where that fails, the announcement ends by itself.
    if (isAnnounced) await this.#store.withdraw(this.#id).catch(() => undefined);
  }
}
