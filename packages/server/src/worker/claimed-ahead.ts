import type { ClaimedTask } from "../backend/index.ts";
import type { Host } from "../core/host.ts";
import type { HeldLease, LeaseKeeper } from "../core/lease-keeper.ts";
import type { Logger } from "../core/logger.ts";
import type { OpenedBackend } from "../core/opened-backend.ts";
import { releaseSafely } from "../core/release-safely.ts";

/** What has waited this long for a slot is given back, for other workers. */
const LONGEST_WAIT_MS = 1_000;

/** A claimed task result that waits for a slot. */
export interface Waiting {
  readonly claimed: ClaimedTask;
  readonly held: HeldLease;
  readonly since: number;
}

/** The task results that were claimed and wait for a slot, first come first served. */
export class ClaimedAhead {
  readonly #opened: OpenedBackend;
  readonly #host: Host;
  readonly #logger: Logger;
  readonly #keeper: LeaseKeeper;
  readonly #onGivenBack: (count: number) => void;
  readonly #waiting: Waiting[] = [];
  #watching = false;

  constructor(parts: {
    readonly opened: OpenedBackend;
    readonly host: Host;
    readonly logger: Logger;
    readonly keeper: LeaseKeeper;
    readonly onGivenBack: (count: number) => void;
  }) {
    this.#opened = parts.opened;
    this.#host = parts.host;
    this.#logger = parts.logger;
    this.#keeper = parts.keeper;
    this.#onGivenBack = parts.onGivenBack;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** Adds what was just claimed, and keeps its lease. */
  add(claimed: ClaimedTask, lease: { readonly askedAt: number; readonly durationMs: number }): void {
    const waiting: Waiting = {
      claimed,
      held: this.#keeper.keep(claimed, {
        ...lease,
        onLost: () => {
          const index = this.#waiting.indexOf(waiting);
          if (index >= 0) this.#waiting.splice(index, 1);
        },
      }),
      since: this.#host.monotonicTime(),
    };
    this.#waiting.push(waiting);
  }

  /** Takes the one that has waited longest of those that may begin. */
  next(mayBegin: (claimed: ClaimedTask) => boolean): Waiting | undefined {
    const [first] = this.#waiting;
    if (first === undefined || mayBegin(first.claimed)) return this.#waiting.shift();
    const index = this.#waiting.findIndex(({ claimed }) => mayBegin(claimed));
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0];
  }

  /** Gives back, uncounted, what waits too long from now on. */
  watch(): void {
    if (this.#watching || this.#waiting.length === 0) return;
    this.#watching = true;
    this.#host.setTimer(LONGEST_WAIT_MS, () => {
      this.#watching = false;
      const before = this.#host.monotonicTime() - LONGEST_WAIT_MS;
      const late = this.#waiting.findIndex((waiting) => waiting.since > before);
      void this.#giveBack(this.#waiting.splice(0, late < 0 ? this.#waiting.length : late));
      this.watch();
    });
  }

  /** Gives back, uncounted, all that waits. */
  async giveBack(): Promise<void> {
    await this.#giveBack(this.#waiting.splice(0));
  }

  async #giveBack(waiting: readonly Waiting[]): Promise<void> {
    if (waiting.length === 0) return;
    this.#onGivenBack(waiting.length);
    for (const { held } of waiting) this.#keeper.drop(held);
    try {
      const items = waiting.map(({ claimed }) => ({ lease: claimed, started: false, when: "now" as const }));
      await releaseSafely(this.#host, this.#opened, items);
    } catch (error) {
      this.#logger.warn(
        { err: error, leases: waiting.length },
        "Leases could not be given back; they will expire.",
      );
    }
  }
}
