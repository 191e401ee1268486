import { badRequest, notFound } from "./api-error.ts";
import { Collection } from "./collection.ts";
import type { FlowControl } from "./message-record.ts";
import type { StateStore } from "./state-store.ts";

/** What is kept of a key; plain JSON. */
interface FlowRecord {
  readonly key: string;
  readonly parallelism: number | null;
  readonly rate: number | null;
  readonly periodMs: number;
  readonly isPaused: boolean;
  readonly isPinnedParallelism: boolean;
  readonly isPinnedRate: boolean;
}

/** What is counted of a key while the server runs. */
interface FlowUse {
  active: number;
  taken: number;
  periodStart: number;
}

/** The most keys that are remembered; those used longest ago go first. */
const MOST_KEYS = 10_000;

/** Values to pin, or what of them to unpin. */
export interface PinnedFlow {
  readonly parallelism?: number;
  readonly rate?: number;
  readonly periodMs?: number;
}

/** The keys of flow control, their settings and how much of them is in use. */
export class FlowControls {
  readonly #records: Collection<FlowRecord>;
  readonly #uses = new Map<string, FlowUse>();

  constructor(store: StateStore) {
    this.#records = new Collection("flowControl", store, { count: MOST_KEYS });
  }

  /** Takes over what a message says of its key, save what is pinned. */
  announce(flow: FlowControl): void {
    const before = this.#records.get(flow.key) ?? this.#fresh(flow.key);
    const next = {
      ...before,
      ...(before.isPinnedParallelism ? {} : { parallelism: flow.parallelism }),
      ...(before.isPinnedRate ? {} : { rate: flow.rate, periodMs: flow.periodMs }),
    };
    const isSame =
      next.parallelism === before.parallelism &&
      next.rate === before.rate &&
      next.periodMs === before.periodMs;
    if (!isSame || this.#records.get(flow.key) === undefined) this.#records.set(flow.key, next);
  }

  /** When a request of the key may be made: now (0), not before something happens (Infinity), or at a time. */
  admitsAt(key: string, now: number): number {
    const record = this.#records.get(key);
    if (record === undefined) return 0;
    const use = this.#use(key, now);
    if (record.isPaused) return Number.POSITIVE_INFINITY;
    if (record.parallelism !== null && use.active >= record.parallelism) return Number.POSITIVE_INFINITY;
    if (record.rate === null) return 0;
    this.#turn(record, use, now);
    return use.taken < record.rate ? 0 : use.periodStart + record.periodMs;
  }

  take(key: string, now: number): void {
    const use = this.#use(key, now);
    use.active++;
    use.taken++;
  }

  release(key: string): void {
    const use = this.#uses.get(key);
    if (use === undefined) return;
    use.active = Math.max(use.active - 1, 0);
    if (this.#records.get(key) === undefined && use.active === 0) this.#uses.delete(key);
  }

  /** Pauses or resumes a key, which need not have been used yet. */
  setPaused(key: string, isPaused: boolean): void {
    this.#records.set(key, { ...(this.#records.get(key) ?? this.#fresh(key)), isPaused });
  }

  pin(key: string, { parallelism, rate, periodMs }: PinnedFlow): void {
    if (parallelism === undefined && rate === undefined) {
      throw badRequest("To pin a flow control say parallelism, rate, or both.");
    }
    this.#records.set(key, {
      ...(this.#records.get(key) ?? this.#fresh(key)),
      ...(parallelism === undefined ? {} : { parallelism, isPinnedParallelism: true }),
      ...(rate === undefined ? {} : { rate, periodMs: periodMs ?? 1_000, isPinnedRate: true }),
    });
  }

  unpin(key: string, what: { readonly parallelism: boolean; readonly rate: boolean }): void {
    const record = this.#known(key);
    this.#records.set(key, {
      ...record,
      isPinnedParallelism: record.isPinnedParallelism && !what.parallelism,
      isPinnedRate: record.isPinnedRate && !what.rate,
    });
  }

  resetRate(key: string, now: number): void {
    this.#known(key);
    const use = this.#use(key, now);
    use.taken = 0;
    use.periodStart = now;
  }

  keys(): readonly string[] {
    return this.#records.values().map(({ key }) => key);
  }

  view(key: string, waiting: number, now: number): Record<string, unknown> {
    const record = this.#known(key);
    const use = this.#use(key, now);
    this.#turn(record, use, now);
    return {
      flowControlKey: key,
      waitListSize: waiting,
      parallelismMax: record.parallelism ?? 0,
      parallelismCount: use.active,
      rateMax: record.rate ?? 0,
      rateCount: record.rate === null ? 0 : use.taken,
      ratePeriod: record.periodMs / 1_000,
      ratePeriodStart: Math.floor(use.periodStart / 1_000),
      isPaused: record.isPaused,
      isPinnedParallelism: record.isPinnedParallelism,
      isPinnedRate: record.isPinnedRate,
    };
  }

  #known(key: string): FlowRecord {
    const record = this.#records.get(key);
    if (record === undefined) throw notFound("There is no flow control of this key.");
    return record;
  }

  #fresh(key: string): FlowRecord {
    return {
      key,
      parallelism: null,
      rate: null,
      periodMs: 1_000,
      isPaused: false,
      isPinnedParallelism: false,
      isPinnedRate: false,
    };
  }

  #use(key: string, now: number): FlowUse {
    let use = this.#uses.get(key);
    if (use === undefined) {
      use = { active: 0, taken: 0, periodStart: now };
      this.#uses.set(key, use);
      this.#forgetUses();
    }
    return use;
  }

  #turn(record: FlowRecord, use: FlowUse, now: number): void {
    if (now - use.periodStart < record.periodMs && now >= use.periodStart) return;
    use.periodStart = now;
    use.taken = 0;
  }

  #forgetUses(): void {
    if (this.#uses.size <= 2 * MOST_KEYS) return;
    for (const [key, use] of this.#uses) {
      if (use.active === 0 && this.#records.get(key) === undefined) this.#uses.delete(key);
    }
  }
}
