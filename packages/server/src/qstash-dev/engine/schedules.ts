import { ApiError, notFound, overQuota } from "./api-error.ts";
import type { QstashClock } from "./clock.ts";
import { Collection } from "./collection.ts";
import { nextCronTime } from "./cron-times.ts";
import type { DeliveryOptions } from "./message-record.ts";
import type { StateStore } from "./state-store.ts";

/** A rule and what it publishes; plain JSON. */
export interface ScheduleRecord {
  readonly scheduleId: string;
  readonly cron: string;
  readonly createdAt: number;
  /** As it was written. */
  readonly destination: string;
  /** Base64. */
  readonly body: string;
  readonly options: DeliveryOptions;
  readonly queueName: string | null;
  readonly callerIp: string;
  readonly isPaused: boolean;
  readonly lastScheduleTime: number | null;
  readonly nextScheduleTime: number;
  /** How the messages of the last tick went, by id. */
  readonly lastScheduleStates: Readonly<Record<string, "IN_PROGRESS" | "SUCCESS" | "FAIL">>;
}

/** What schedules need of the engine. */
export interface ScheduleHost {
  readonly store: StateStore;
  readonly clock: QstashClock;
  readonly most: number;
  /** Publishes what a schedule says; gives the messages' ids. */
  publish(schedule: ScheduleRecord): readonly string[];
  /** Told of errors that no request is there to hear. */
  fault(error: unknown): void;
}

/** How long to wait for a store that failed to be well again. */
const PAUSE_AFTER_FAULT_MS = 10_000;

/** Cron rules, and the timer that fires them. */
export class Schedules {
  readonly #host: ScheduleHost;
  readonly #records: Collection<ScheduleRecord>;
  #cancelTimer: () => void = () => {};
  #isClosed = false;

  constructor(host: ScheduleHost) {
    this.#host = host;
    this.#records = new Collection("schedule", host.store);
    this.#setTimer();
  }

  /** Makes a schedule, or replaces the one of its id; what it has done so far stays. */
  put(
    schedule: Omit<
      ScheduleRecord,
      "createdAt" | "isPaused" | "lastScheduleTime" | "nextScheduleTime" | "lastScheduleStates"
    >,
  ): void {
    const now = this.#host.clock.now();
    const before = this.#records.get(schedule.scheduleId);
    if (before === undefined && this.#records.size >= this.#host.most) {
      throw overQuota(`There are ${this.#host.most} schedules, and this server allows no more.`);
    }
    this.#records.set(schedule.scheduleId, {
      ...schedule,
      createdAt: before?.createdAt ?? now,
      isPaused: before?.isPaused ?? false,
      lastScheduleTime: before?.lastScheduleTime ?? null,
      nextScheduleTime: nextCronTime(schedule.cron, now),
      lastScheduleStates: before?.lastScheduleStates ?? {},
    });
    this.#setTimer();
  }

  get(id: string): ScheduleRecord {
    const schedule = this.#records.get(id);
    if (schedule === undefined) throw notFound("There is no schedule of this id.");
    return schedule;
  }

  list(): readonly ScheduleRecord[] {
    return this.#records.values();
  }

  delete(id: string): void {
    this.get(id);
    this.#records.delete(id);
    this.#setTimer();
  }

  setPaused(id: string, isPaused: boolean): void {
    const schedule = this.get(id);
    const nextScheduleTime = nextCronTime(schedule.cron, this.#host.clock.now());
    this.#records.set(id, { ...schedule, isPaused, nextScheduleTime });
    this.#setTimer();
  }

  /** Keeps how a message of a tick went. */
  report(id: string, messageId: string, state: "SUCCESS" | "FAIL"): void {
    const schedule = this.#records.get(id);
    if (schedule === undefined || !Object.hasOwn(schedule.lastScheduleStates, messageId)) return;
    const lastScheduleStates = { ...schedule.lastScheduleStates, [messageId]: state };
    this.#records.set(id, { ...schedule, lastScheduleStates });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer();
  }

  #setTimer(atLeastMs = 0): void {
    this.#cancelTimer();
    this.#cancelTimer = () => {};
    if (this.#isClosed) return;
    const times = this.#records
      .values()
      .filter(({ isPaused }) => !isPaused)
      .map(({ nextScheduleTime }) => nextScheduleTime);
    if (times.length === 0) return;
    const next = times.reduce((first, time) => Math.min(first, time));
    const wait = Math.max(next - this.#host.clock.now(), atLeastMs);
    this.#cancelTimer = this.#host.clock.setTimer(wait, () => this.#fire());
  }

  #fire(): void {
    const now = this.#host.clock.now();
    let pause = 0;
    try {
      for (const schedule of this.#records.values()) {
        if (!schedule.isPaused && schedule.nextScheduleTime <= now) this.#tick(schedule, now);
      }
    } catch (error) {
      this.#host.fault(error);
      // What could not be stored is due still.
      pause = PAUSE_AFTER_FAULT_MS;
    }
    this.#setTimer(pause);
  }

  /** One tick for all that were missed, as while the process was stopped. */
  #tick(schedule: ScheduleRecord, now: number): void {
    const { store, publish } = this.#host;
    store.atomically(() => {
      let ids: readonly string[] = [];
      try {
        ids = publish(schedule);
      } catch (error) {
        // A url group may be gone by now; the next tick may find it again.
        if (!(error instanceof ApiError)) throw error;
      }
      this.#records.set(schedule.scheduleId, {
        ...schedule,
        lastScheduleTime: now,
        nextScheduleTime: nextCronTime(schedule.cron, now),
        lastScheduleStates: Object.fromEntries(ids.map((id) => [id, "IN_PROGRESS" as const])),
      });
    });
  }
}
