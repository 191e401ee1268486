import type { ClaimedTask } from "../backend/index.ts";
import type { RunningAttempt } from "./attempt.ts";
import type { CancelTimer, Host } from "./host.ts";
import type { Logger } from "./logger.ts";
import type { OpenedBackend } from "./opened-backend.ts";

/** How long a handler has to stop after its signal has aborted for a timeout. */
export const ABORT_GRACE_MS = 5_000;

const RETRY_RENEWAL_MS = 1_000;

/** A lease that this process keeps alive. */
export interface HeldLease {
  /** The task result, with the proof of holding it. */
  readonly claimed: ClaimedTask;
  readonly durationMs: number;
  /** When to renew it next, on the host's monotonic clock. */
  renewAt: number;
  /** When it ends at the earliest, on the same clock: its length after the last request that was granted. */
  endsAt: number;
  /** Whether somebody has asked to cancel it while it waited for a slot. */
  isCancelRequested: boolean;
  /** The attempt that runs under it; null while it waits for a slot. */
  attempt: RunningAttempt | null;
  /** Whether its handler has ended, so that only the store need hear of it. */
  hasEnded: boolean;
  /** When the attempt is told to stop, and after that when it is given up; Infinity for never. */
  deadline: number;
  /** Whether the attempt has been told to stop because of its timeout. */
  isOverdue: boolean;
  /** Ends the wait for an attempt that does not stop. */
  giveUp: (() => void) | null;
  /** Told when another process has taken the task result while it waited for a slot. */
  readonly onLost: () => void;
}

/** Renews leases, tells handlers of cancels and lost leases, and ends what runs too long: one timer for all. */
export class LeaseKeeper {
  readonly #held = new Set<HeldLease>();
  readonly #opened: OpenedBackend;
  readonly #host: Host;
  readonly #logger: Logger;
  #stopTimer: CancelTimer | null = null;
  #firesAt = Number.POSITIVE_INFINITY;

  constructor(opened: OpenedBackend, host: Host, logger: Logger) {
    this.#opened = opened;
    this.#host = host;
    this.#logger = logger;
  }

  /** How many leases are held. */
  get size(): number {
    return this.#held.size;
  }

  /** Keeps a lease that has just been claimed; `askedAt`: when, on the host's monotonic clock, the claim was asked for. */
  keep(
    claimed: ClaimedTask,
    facts: { readonly askedAt: number; readonly durationMs: number; readonly onLost: () => void },
  ): HeldLease {
    const { askedAt, durationMs } = facts;
    const held: HeldLease = {
      claimed,
      durationMs,
      // From the question, not from the answer: the store may have taken long, and the lease runs from the question.
      renewAt: askedAt + durationMs / 3,
      endsAt: askedAt + durationMs,
      isCancelRequested: false,
      attempt: null,
      hasEnded: false,
      deadline: Number.POSITIVE_INFINITY,
      isOverdue: false,
      giveUp: null,
      onLost: facts.onLost,
    };
    this.#held.add(held);
    this.#fireBy(held.renewAt);
    return held;
  }

  /** Notes that an attempt runs under a lease; `giveUp` is called when it does not stop in time after its timeout. */
  begin(held: HeldLease, attempt: RunningAttempt, giveUp: () => void): void {
    held.attempt = attempt;
    held.giveUp = giveUp;
    if (attempt.timeoutMs !== null) {
      held.deadline = attempt.startedAt + attempt.timeoutMs;
      this.#fireBy(held.deadline);
    }
  }

  /** Notes that the handler has ended: nobody is left to be told to stop. */
  end(held: HeldLease): void {
    held.hasEnded = true;
    held.deadline = Number.POSITIVE_INFINITY;
  }

  /** Lets a lease go: its task result is settled, released or lost. */
  drop(held: HeldLease): void {
    this.#held.delete(held);
  }

  /** Whether it still holds, as far as the store can say; asks the store when too little of it is left to begin. */
  async confirm(held: HeldLease): Promise<boolean> {
    if (held.endsAt - this.#host.monotonicTime() >= held.durationMs / 3) return true;
    await this.#renew([held]);
    return this.#held.has(held) && held.endsAt > this.#host.monotonicTime();
  }

  /** Renews everything now, to learn of cancels at once. */
  async refresh(): Promise<void> {
    await this.#renew([...this.#held]);
  }

  #fireBy(at: number): void {
    if (at >= this.#firesAt) return;
    this.#stopTimer?.();
    this.#firesAt = at;
    this.#stopTimer = this.#host.setTimer(Math.max(0, at - this.#host.monotonicTime()), () => this.#fire());
  }

  #fire(): void {
    const now = this.#host.monotonicTime();
    this.#warnIfBlocked(now - this.#firesAt);
    this.#firesAt = Number.POSITIVE_INFINITY;
    this.#stopTimer = null;
    const due: HeldLease[] = [];
    for (const held of this.#held) {
      if (held.deadline <= now) this.#pastDeadline(held, now);
      // What is due soon travels along, so that leases of one claim stay together.
      if (held.renewAt <= now + held.durationMs / 12) due.push(held);
    }
    if (due.length > 0) void this.#renew(due);
    let next = Number.POSITIVE_INFINITY;
    for (const held of this.#held) next = Math.min(next, held.renewAt, held.deadline);
    if (next !== Number.POSITIVE_INFINITY) this.#fireBy(next);
  }

  #pastDeadline(held: HeldLease, now: number): void {
    if (held.isOverdue) {
      held.deadline = Number.POSITIVE_INFINITY;
      held.giveUp?.();
      return;
    }
    held.isOverdue = true;
    held.attempt?.abort("timeout");
    held.deadline = now + ABORT_GRACE_MS;
  }

  #warnIfBlocked(blockedMs: number): void {
    for (const held of this.#held) {
      if (blockedMs > held.durationMs / 6) {
        const running = [
          ...new Set(
            [...this.#held].filter((other) => other.attempt !== null).map((other) => other.claimed.path),
          ),
        ];
        this.#logger.warn(
          { tasks: running, blockedMs: Math.round(blockedMs), leaseMs: held.durationMs },
          `The event loop was blocked for ${Math.round(blockedMs)} ms while ${running.join(", ") || held.claimed.path} ran; leases were renewed late. Move long synchronous work out of handlers, or give the task a longer lease.`,
        );
        return;
      }
    }
  }

  async #renew(due: readonly HeldLease[]): Promise<void> {
    if (due.length === 0) return;
    const now = this.#host.monotonicTime();
    for (const held of due) held.renewAt = now + held.durationMs / 3;
    try {
      const items = due.map((held) => ({ lease: held.claimed, duration: held.durationMs }));
      const outcomes = await this.#opened.leases.renew({ items, now: this.#opened.clock.now() });
      due.forEach((held, index) => {
        const outcome = outcomes[index];
        if (!this.#held.has(held) || outcome === undefined) return;
        if (outcome.outcome === "lease-lost") {
          this.#lost(held);
          return;
        }
        held.endsAt = now + held.durationMs;
        if (!outcome.cancelRequested || held.hasEnded) return;
        held.isCancelRequested = true;
        held.attempt?.abort("cancel");
      });
    } catch (error) {
      this.#logger.warn({ err: error, leases: due.length }, "Leases could not be renewed; trying again.");
      for (const held of due) held.renewAt = this.#host.monotonicTime() + RETRY_RENEWAL_MS;
    } finally {
      for (const held of due) if (this.#held.has(held)) this.#fireBy(held.renewAt);
    }
  }

  #lost(held: HeldLease): void {
    this.#held.delete(held);
    if (held.attempt === null) held.onLost();
    else if (!held.hasEnded) {
      held.attempt.abort("lease-lost");
      held.giveUp?.();
    }
  }
}
