import { isTaskError, TaskError } from "@taskwright/shared";
import type { EnqueueOutcome, NewTask, OutboxRow, OutboxSource } from "../backend/index.ts";
import type { CancelTimer, Host } from "./host.ts";
import type { Logger } from "./logger.ts";
import type { StoreClock } from "./store-clock.ts";

/** Rows that one relay takes at once. */
const BATCH = 200;
/** The most batches one call makes, so that no call runs without end beside a fast producer. */
const MOST_BATCHES = 100_000;
/** How long rows belong to the relay that took them; those of one that dies wait for so long. */
const HOLD_MS = 15_000;
/** Rows whose taking took longer are given back: what others may have relayed since could be finished and purged. */
const LONGEST_TAKE_MS = 5_000;
/** How long a refused task is left alone, at first and at the most; four times as long after each refusal. */
const FIRST_REFUSAL_MS = 5_000;
const LONGEST_REFUSAL_MS = 3_600_000;
/** The pauses of a process whose backend or outbox is away. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;
/** When to look for what was enqueued in a transaction that nobody tells the end of. */
const LOOKS_MS = [50, 200, 800, 3_200, 12_800] as const;
/** How often, and after how long, to look for rows that another relay has at this moment. */
const LOOKS_FOR_HELD = 20;
const LOOK_FOR_HELD_MS = 25;
const LONGEST_ERROR = 1_000;

/** What a relay needs of the backend that it relays into. */
export interface RelayTarget {
  readonly name: string;
  readonly source: OutboxSource;
  readonly clock: StoreClock;
  readonly isClosed: () => boolean;
  /** Stores one, which rejects alone. */
  readonly enqueue: (task: NewTask) => Promise<EnqueueOutcome>;
}

/** What became of the rows of one batch. */
interface Relayed {
  readonly taken: number;
  readonly ended: number;
  readonly held: number;
}

/** Moves what committed transactions have left in an outbox into the backend. */
export class OutboxRelay {
  readonly #target: RelayTarget;
  readonly #host: Host;
  readonly #logger: Logger;
  #failures = 0;
  #quietUntil = Number.NEGATIVE_INFINITY;
  #looks = 0;
  #next: { readonly at: number; readonly cancel: CancelTimer } | null = null;

  constructor(target: RelayTarget, host: Host, logger: Logger) {
    this.#target = target;
    this.#host = host;
    this.#logger = logger;
    target.source.watchLeft?.(() => {
      if (!target.isClosed()) this.soon();
    });
  }

  /**
   * Relays all that is due, oldest first; resolves to how many tasks have left the outbox.
   *
   * Rejects when the outbox or the backend is away: what was not relayed stays where it is.
   */
  async all(signal?: AbortSignal): Promise<number> {
    let ended = 0;
    for (let batch = 0; batch < MOST_BATCHES && signal?.aborted !== true; batch++) {
      const relayed = await this.#batch();
      ended += relayed.ended;
      if (relayed.taken < BATCH) break;
    }
    this.#failures = 0;
    this.#quietUntil = Number.NEGATIVE_INFINITY;
    return ended;
  }

  /** As {@link all}, but what goes wrong is logged; resolves to the pause before the next try, undefined for the usual one. */
  async poll(signal?: AbortSignal): Promise<number | undefined> {
    try {
      await this.all(signal);
      return undefined;
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** Relays the rows of these task results, where they are committed; what goes wrong is logged and left to the next look. */
  async now(ids: readonly string[]): Promise<void> {
    // While the backend is away, callers are not made to wait for it each time.
    if (this.#host.monotonicTime() < this.#quietUntil) return;
    try {
      for (let start = 0; start < ids.length; start += BATCH) {
        await this.#these(ids.slice(start, start + BATCH));
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Looks a few times, soon and then later, for what was enqueued in a transaction whose end nobody will tell. */
  soon(): void {
    this.#looks = 0;
    const at = this.#host.monotonicTime() + LOOKS_MS[0];
    if (this.#next !== null && this.#next.at <= at) return;
    this.#next?.cancel();
    this.#schedule();
  }

  /** Forgets what {@link soon} was asked for. */
  stop(): void {
    this.#next?.cancel();
    this.#next = null;
  }

  #schedule(): void {
    const pause = LOOKS_MS[this.#looks];
    if (pause === undefined) return;
    this.#looks++;
    const cancel = this.#host.setTimer(pause, () => {
      this.#next = null;
      void this.poll().then(() => {
        if (this.#next === null && !this.#target.isClosed()) this.#schedule();
      });
    });
    this.#next = { at: this.#host.monotonicTime() + pause, cancel };
  }

  async #these(ids: readonly string[]): Promise<void> {
    for (let look = 0; look < LOOKS_FOR_HELD; look++) {
      const { held } = await this.#batch(ids);
      if (held === 0) return;
      await new Promise<void>((resolve) => {
        this.#host.setTimer(LOOK_FOR_HELD_MS, resolve, { keepAlive: true });
      });
    }
  }

  async #batch(ids?: readonly string[]): Promise<Relayed> {
    const { source, clock } = this.#target;
    const askedAt = this.#host.monotonicTime();
    const now = clock.now();
    const until = now + HOLD_MS;
    const { rows, held } = await source.take({
      limit: BATCH,
      until,
      now,
      ...(ids === undefined ? {} : { ids }),
    });
    if (rows.length === 0) return { taken: 0, ended: 0, held };
    if (this.#host.monotonicTime() - askedAt > LONGEST_TAKE_MS) {
      await source.giveBack({ rows });
      throw new TaskError({
        code: "BACKEND_UNAVAILABLE",
        message: `The outbox took longer than ${LONGEST_TAKE_MS / 1_000} s to give rows out.`,
      });
    }
    return { taken: rows.length, ended: await this.#relay(rows), held };
  }

  async #relay(rows: readonly OutboxRow[]): Promise<number> {
    const { source } = this.#target;
    const done: OutboxRow[] = [];
    const left: OutboxRow[] = [];
    const refused: { readonly row: OutboxRow; readonly error: unknown }[] = [];
    let away: unknown;
    const failed = (row: OutboxRow, error: unknown) => {
      if (isTaskError(error) && error.retryable) {
        away ??= error;
        left.push(row);
      } else refused.push({ row, error });
    };
    const delivered = this.#deliver(rows.filter((row) => row.isStored === true));
    await Promise.all(
      rows.map(async (row) => {
        try {
          const outcome = await (row.isStored === true
            ? delivered.then((all) => all.get(row))
            : this.#store(row));
          if (outcome?.outcome !== "failed") done.push(row);
          // Only a task that is there already can be delivered later just as well.
          else if (row.isStored === true) failed(row, outcome.error);
          else refused.push({ row, error: outcome.error });
        } catch (error) {
          failed(row, error);
        }
      }),
    );
    if (done.length > 0) await source.remove({ rows: done });
    for (const { row, error } of refused) await this.#refuse(row, error);
    if (left.length === 0) return done.length;
    // Where that fails too they come back when their time is over.
    await source.giveBack({ rows: left }).catch(() => undefined);
    throw away;
  }

  async #deliver(rows: readonly OutboxRow[]): Promise<ReadonlyMap<OutboxRow, EnqueueOutcome | undefined>> {
    const { source, clock } = this.#target;
    if (rows.length === 0) return new Map();
    const outcomes = (await source.deliver?.({ rows, now: clock.now() })) ?? [];
    return new Map(rows.map((row, index) => [row, outcomes[index]]));
  }

  async #store({ task }: OutboxRow): Promise<EnqueueOutcome> {
    if (task !== null) return this.#target.enqueue(task);
    throw new TaskError({
      code: "INTERNAL_ERROR",
      message: "The row holds no task: it was changed by hand.",
    });
  }

  async #refuse(row: OutboxRow, error: unknown): Promise<void> {
    const { source, clock, name } = this.#target;
    const pause = Math.min(FIRST_REFUSAL_MS * 4 ** row.refusals, LONGEST_REFUSAL_MS);
    const text = isTaskError(error) ? `${error.code}: ${error.message}` : String(error);
    await source.refuse({ row, error: text.slice(0, LONGEST_ERROR), until: clock.now() + pause });
    this.#logger.error(
      { err: error, backend: name, id: row.task?.id, task: row.task?.path, row: row.seq, pauseMs: pause },
      "The backend refused a task that a transaction had enqueued; it stays in the outbox and is tried again.",
    );
  }

  #failed(error: unknown): number {
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
    this.#failures++;
    this.#quietUntil = this.#host.monotonicTime() + pause;
    if (!this.#target.isClosed())
      this.#logger.warn(
        { err: error, backend: this.#target.name, pauseMs: pause },
        "Tasks in the outbox could not be relayed; they stay there, and it is tried again.",
      );
    return pause;
  }
}
