import type { RunningAttempt } from "../core/attempt.ts";
import { AttemptRunner } from "../core/attempt-runner.ts";
import { endsWithin } from "../core/bounded-answer.ts";
import type { Engine } from "../core/engine.ts";
import { ABORT_GRACE_MS, type HeldLease, LeaseKeeper } from "../core/lease-keeper.ts";
import { isOnLastChance } from "../core/lost-attempts.ts";
import type { OpenedBackend } from "../core/opened-backend.ts";
import { runnableTasks } from "../core/runnable-tasks.ts";
import { abandonHandlers } from "./abandon-handlers.ts";
import { CancelChecks } from "./cancel-checks.ts";
import { ClaimSize } from "./claim-size.ts";
import { ClaimedAhead, type Waiting } from "./claimed-ahead.ts";
import { NextLook } from "./next-look.ts";
import type { ResolvedWorkerOptions } from "./worker-options.ts";

/** Outcomes on their way to the store beyond which nothing new is claimed. */
const MOST_UNSETTLED = 5_000;
/** One claim asks for no more, so that what it brought can be settled in one batch too. */
const LARGEST_CLAIM = 1_000;
const DEFAULT_INTERVAL_MS = 1_000;
/** How long a store may take at the least to answer a worker that stops. */
const LAST_ANSWER_MS = 5_000;
/** How long a worker that is to stop by itself puts up with a store from which it cannot claim. */
const LONGEST_OUTAGE_MS = 60_000;

/** What the loop needs beside the worker's own options. */
interface LoopOptions extends ResolvedWorkerOptions {
  readonly id: string;
  /** Called once when `once` or `maxTasks` say that the work is done, or with an error that it cannot be. */
  readonly onExhausted: (failure?: unknown) => void;
}

/** Claims what is due, runs it in slots, and looks again when woken, when something falls due, and now and then. */
export class ClaimLoop {
  readonly #engine: Engine;
  readonly #opened: OpenedBackend;
  readonly #options: LoopOptions;
  readonly #keeper: LeaseKeeper;
  readonly #runner: AttemptRunner;
  readonly #tasks: readonly { readonly path: string; readonly lease: number }[];
  readonly #leaseMs: ReadonlyMap<string, number>;
  readonly #intervalMs: number;
  readonly #size: ClaimSize;
  readonly #ahead: ClaimedAhead;
  readonly #nextLook: NextLook;
  readonly #cancelChecks: CancelChecks;
  readonly #attempts = new Map<RunningAttempt, HeldLease>();
  readonly #unsettled = new Set<Promise<unknown>>();
  readonly #stopWatching: (() => void)[] = [];
  #stopWatchingCancels: (() => void) | null = null;
  #started = 0;
  #running = 0;
  #isLastChanceRunning = false;
  #endedThisTurn = 0;
  #turnScheduled = false;
  #claiming: Promise<void> | null = null;
  /** Whether the last claim left nothing to claim, so that only a wake, a timer or a due time make the next worthwhile. */
  #drained = false;
  #wokenWhileClaiming = false;
  #stopping = false;
  #exhausted = false;
  #onIdle: (() => void) | null = null;

  constructor(engine: Engine, opened: OpenedBackend, options: LoopOptions) {
    this.#engine = engine;
    this.#opened = opened;
    this.#options = options;
    const { host, logger } = engine;
    this.#keeper = new LeaseKeeper(opened, host, logger);
    this.#cancelChecks = new CancelChecks(host, this.#keeper);
    this.#nextLook = new NextLook(host, () => this.#look());
    this.#ahead = new ClaimedAhead({
      opened,
      host,
      logger,
      keeper: this.#keeper,
      onGivenBack: (count) => {
        this.#started -= count;
      },
    });
    this.#runner = new AttemptRunner(engine, { opened, workerId: options.id, keeper: this.#keeper });
    this.#tasks = runnableTasks(engine, opened);
    this.#leaseMs = new Map(this.#tasks.map((task) => [task.path, task.lease]));
    this.#intervalMs = options.intervalMs ?? opened.backend.wakeups?.lookEveryMs ?? DEFAULT_INTERVAL_MS;
    this.#size = new ClaimSize(host.monotonicTime());
  }

  get started(): number {
    return this.#started;
  }

  get running(): number {
    return this.#running;
  }

  /** Watches for work and makes the first claim. */
  start(): void {
    const wakeups = this.#opened.backend.wakeups;
    if (wakeups !== undefined) {
      this.#stopWatching.push(wakeups.watchReady({ queues: this.#options.queues, wake: () => this.#wake() }));
      const wake = () => this.#cancelChecks.wake(this.#claiming !== null);
      this.#stopWatchingCancels = wakeups.watchCancels({ workerId: this.#options.id, wake });
    }
    this.#claim();
  }

  /**
   * Stops claiming, gives back what waits, and waits for handlers, with an abort in between.
   *
   * Handlers are not told later because the store is slow; it has as long as they have, and at least five seconds.
   */
  async stop(): Promise<void> {
    const { host } = this.#engine;
    const { shutdownTimeoutMs } = this.#options;
    const endAt = host.monotonicTime() + shutdownTimeoutMs + ABORT_GRACE_MS;
    this.#stopping = true;
    this.#nextLook.stop();
    for (const stop of this.#stopWatching) stop();
    const claimed = Promise.all([this.#claiming, this.#ahead.giveBack()]);
    await this.#idle(shutdownTimeoutMs);
    for (const attempt of this.#attempts.keys()) attempt.abort("shutdown");
    await this.#idle(ABORT_GRACE_MS);
    this.#stopWatchingCancels?.();
    const stored = Promise.all([claimed, this.#abandon().then(() => Promise.allSettled(this.#unsettled))]);
    const patienceMs = Math.max(endAt - host.monotonicTime(), LAST_ANSWER_MS);
    if (await endsWithin(host, patienceMs, stored)) return;
    this.#engine.logger.warn(
      { worker: this.#options.id, unsettled: this.#unsettled.size },
      "The store did not answer while the worker stopped; what it was not told counts as lost attempts when leases end.",
    );
  }

  #abandon(): Promise<void> {
    const held = [...this.#attempts.values()];
    return abandonHandlers(this.#engine, { opened: this.#opened, keeper: this.#keeper, held });
  }

  #wake(): void {
    if (this.#claiming !== null) this.#wokenWhileClaiming = true;
    // While the store is away only the growing pauses say when to try again.
    if (this.#nextLook.isFailing) return;
    this.#drained = false;
    this.#scheduleTurn();
  }

  #look(): void {
    this.#drained = false;
    this.#scheduleTurn();
  }

  #scheduleTurn(): void {
    if (this.#turnScheduled) return;
    this.#turnScheduled = true;
    const { host } = this.#engine;
    // Whoever has woken it, perhaps a request that is traced, is no part of what it does.
    host.defer(() => host.outside(() => this.#turn()));
  }

  /** Once per turn of the event loop: outcomes leave, slots fill, and the next claim goes out with the outcomes. */
  #turn(): void {
    this.#turnScheduled = false;
    this.#size.note(this.#endedThisTurn, this.#engine.host.monotonicTime());
    this.#endedThisTurn = 0;
    this.#opened.settlements.flush();
    this.#fill();
    if (!this.#drained) this.#claim();
    this.#checkExhausted();
    if (this.#running === 0) this.#onIdle?.();
  }

  get #freeSlots(): number {
    return this.#options.concurrency - this.#running;
  }

  #fill(): void {
    while (!this.#stopping && this.#freeSlots > 0) {
      const next = this.#ahead.next((claimed) => !isOnLastChance(claimed) || !this.#isLastChanceRunning);
      if (next === undefined) return;
      this.#begin(next);
    }
  }

  #begin({ claimed, held }: Waiting): void {
    this.#running++;
    const isLastChance = isOnLastChance(claimed);
    if (isLastChance) this.#isLastChanceRunning = true;
    let begun: RunningAttempt | null = null;
    const watch = (attempt: RunningAttempt) => {
      begun = attempt;
      this.#attempts.set(attempt, held);
    };
    void this.#runner.run(claimed, held, watch).then(({ settled }) => {
      this.#running--;
      this.#endedThisTurn++;
      // It may have enqueued more, and not every store says so; a claim that is on its way may not have seen that.
      if (this.#options.once) {
        this.#drained = false;
        if (this.#claiming !== null) this.#wokenWhileClaiming = true;
      }
      if (begun !== null) this.#attempts.delete(begun);
      // What waits begins in the same turn, so that the outcomes of many travel together.
      this.#fill();
      this.#unsettled.add(settled);
      void settled.then(() => {
        this.#unsettled.delete(settled);
        // Not before its end is stored: the next one may be the one that kills the worker.
        if (isLastChance) this.#isLastChanceRunning = false;
        if (isLastChance || this.#unsettled.size < MOST_UNSETTLED) this.#scheduleTurn();
      });
      this.#scheduleTurn();
    });
  }

  #wanted(): number {
    const { concurrency, maxTasks } = this.#options;
    const capacity = this.#freeSlots + this.#size.ahead - this.#ahead.size;
    // Half a batch at a time keeps claims large without letting slots run dry.
    if (this.#ahead.size > 0 && capacity < Math.max(1, (concurrency + this.#size.ahead) / 2)) return 0;
    const allowed = maxTasks === 0 ? Number.POSITIVE_INFINITY : maxTasks - this.#started;
    return Math.min(capacity, LARGEST_CLAIM, allowed);
  }

  #claim(): void {
    if (this.#stopping || this.#claiming !== null || this.#unsettled.size >= MOST_UNSETTLED) return;
    const wanted = this.#wanted();
    if (wanted <= 0) return;
    this.#nextLook.stop();
    this.#wokenWhileClaiming = false;
    this.#claiming = this.#claimOnce(wanted).then(() => this.#afterClaim());
  }

  async #afterClaim(): Promise<void> {
    this.#claiming = null;
    if (this.#stopping) {
      // The answer came after the end of claiming, so that nobody would ever begin what it brought.
      await this.#ahead.giveBack();
      return;
    }
    if (this.#drained && this.#wokenWhileClaiming) this.#drained = false;
    this.#cancelChecks.claimed();
    this.#fill();
    if (!this.#drained) this.#scheduleTurn();
    else this.#checkExhausted();
  }

  async #claimOnce(limit: number): Promise<void> {
    try {
      const now = this.#opened.clock.now();
      const askedAt = this.#engine.host.monotonicTime();
      const { id: workerId, queues } = this.#options;
      const { claimed, nextDueAt } = await this.#opened.leases.claim({
        workerId,
        tasks: this.#tasks,
        queues,
        limit,
        now,
      });
      this.#nextLook.succeeded();
      this.#started += claimed.length;
      for (const task of claimed) {
        this.#ahead.add(task, { askedAt, durationMs: this.#leaseMs.get(task.path) ?? 60_000 });
      }
      this.#drained = claimed.length < limit;
      if (this.#drained) {
        const untilDue =
          nextDueAt === null ? Number.POSITIVE_INFINITY : Math.max(1, nextDueAt - this.#opened.clock.now());
        this.#nextLook.in(Math.min(untilDue, this.#intervalMs));
      }
      this.#ahead.watch();
    } catch (error) {
      this.#engine.logger.warn({ err: error, worker: this.#options.id }, "A claim failed; trying again.");
      this.#drained = true;
      this.#nextLook.failed();
      this.#giveUpAfter(error);
    }
  }

  /** A worker of a closed server ends, and one that should end by itself must not wait for a store for ever. */
  #giveUpAfter(error: unknown): void {
    const isHopeless =
      this.#opened.isClosed || (this.#options.once && this.#nextLook.failingMs >= LONGEST_OUTAGE_MS);
    if (!isHopeless || this.#exhausted) return;
    this.#exhausted = true;
    this.#options.onExhausted(error);
  }

  /** Resolves when no handler runs, or after `ms`. */
  #idle(ms: number): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const stopTimer = this.#engine.host.setTimer(ms, () => this.#onIdle?.(), { keepAlive: true });
      this.#onIdle = () => {
        this.#onIdle = null;
        stopTimer();
        resolve();
      };
    });
  }

  #checkExhausted(): void {
    if (
      this.#exhausted ||
      this.#stopping ||
      this.#running > 0 ||
      this.#ahead.size > 0 ||
      this.#claiming !== null
    )
      return;
    const { once, maxTasks } = this.#options;
    const isDone =
      (once && this.#drained && !this.#nextLook.isFailing && this.#unsettled.size === 0) ||
      (maxTasks > 0 && this.#started >= maxTasks);
    if (!isDone) return;
    this.#exhausted = true;
    this.#options.onExhausted();
  }
}
