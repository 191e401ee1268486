import type { StopWatching, Wakeups } from "../../backend/index.ts";
import { type ReadyWatch, Watches } from "../watches/watches.ts";
import { PollTimer } from "./poll-timer.ts";

/** How often workers look although nobody has told them of anything, beside the polling. */
const LOOK_EVERY_MS = 30_000;

/** Wakes watchers when this process changes something, and now and then for what others change. */
export class PollingWakeups implements Wakeups {
  readonly lookEveryMs: number = LOOK_EVERY_MS;
  readonly #watches = new Watches();
  readonly #poll: PollTimer;
  #isClosed = false;

  /** @param longestPollMs how seldom watchers look when nothing has come of it for a while */
  constructor(longestPollMs: number) {
    this.#poll = new PollTimer(
      () => !this.#isClosed && this.#watches.isAny,
      () => this.#watches.wakeEverybody(),
      longestPollMs,
    );
  }

  watchReady(request: ReadyWatch): StopWatching {
    return this.#watching(this.#watches.addReady(request));
  }

  watchCancels({ workerId, wake }: { readonly workerId: string; readonly wake: () => void }): StopWatching {
    return this.#watching(this.#watches.addCancels(workerId, wake));
  }

  watchResult({ id, wake }: { readonly id: string; readonly wake: () => void }): StopWatching {
    return this.#watching(this.#watches.addResult(id, wake));
  }

  /** Wakes workers of this process; others find it at their next look. */
  ready(): void {
    this.#poll.soon();
    this.#watches.wakeReady();
  }

  /** Wakes those of this process who wait for these results. */
  results(ids: readonly string[]): void {
    this.#watches.wakeResults(ids);
  }

  /** Tells a worker of this process of a task result that is to be cancelled. */
  cancel(workerId: string): void {
    this.#watches.wakeCancels(workerId);
  }

  /** Notes that a claim has found something: more may come. */
  found(): void {
    this.#poll.soon();
  }

  /** Ends the watches. */
  close(): void {
    this.#isClosed = true;
    this.#watches.clear();
    this.#poll.stop();
  }

  /** Allows watches again after {@link close}. */
  open(): void {
    this.#isClosed = false;
  }

  #watching(stop: StopWatching): StopWatching {
    this.#poll.soon();
    return stop;
  }
}
