import { type Duration, durationToMs, TaskError } from "@taskwright/shared";
import type { TaskRecord } from "./task-record.ts";

const PATIENCE: Duration = "5s";

/** Who waits for a task to be enqueued. */
interface Waiter {
  readonly path: string;
  readonly take: (record: TaskRecord) => void;
  readonly giveUp: (error: TaskError) => void;
}

/** A first enqueue that holds off further ones. */
interface Deduplication {
  readonly record: TaskRecord;
  readonly until: number;
}

/** What was enqueued, in its order. */
export class TaskStore {
  #records: TaskRecord[] = [];
  #byId = new Map<string, TaskRecord>();
  #given = new Set<TaskRecord>();
  #waiters: Waiter[] = [];
  #deduplications = new Map<string, Deduplication>();
  #generation = 0;

  get all(): readonly TaskRecord[] {
    return [...this.#records];
  }

  /** How often all was forgotten. */
  get generation(): number {
    return this.#generation;
  }

  of(path: string): readonly TaskRecord[] {
    return this.#records.filter((record) => record.path === path);
  }

  find(id: string): TaskRecord | undefined {
    return this.#byId.get(id);
  }

  add(record: TaskRecord): void {
    this.#records.push(record);
    this.#byId.set(record.id, record);
    const index = this.#waiters.findIndex(({ path }) => path === record.path);
    const [waiter] = index === -1 ? [] : this.#waiters.splice(index, 1);
    if (waiter === undefined) return;
    this.#given.add(record);
    waiter.take(record);
  }

  /** The earlier enqueue that holds this one off. */
  holder(key: string | null): TaskRecord | undefined {
    const held = key === null ? undefined : this.#deduplications.get(key);
    if (held === undefined || held.until <= Date.now()) return undefined;
    const { status } = held.record;
    return status === "FAILED" || status === "CANCELLED" ? undefined : held.record;
  }

  hold(key: string, record: TaskRecord, windowMs: number): void {
    this.#deduplications.set(key, { record, until: Date.now() + windowMs });
  }

  /** Lets go of what a refused enqueue has held. */
  release(key: string, record: TaskRecord): void {
    if (this.#deduplications.get(key)?.record === record) this.#deduplications.delete(key);
  }

  /** The first of a path that was not given yet; waits for it. Rejects with RESULT_TIMEOUT, or ABORTED by a reset. */
  async next(path: string, timeout: Duration = PATIENCE): Promise<TaskRecord> {
    const timeoutMs = durationToMs(timeout, "timeout");
    const found = this.#records.find((record) => record.path === path && !this.#given.has(record));
    if (found !== undefined) {
      this.#given.add(found);
      return found;
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(this.#noneCame(path, timeout));
      }, timeoutMs);
      const waiter: Waiter = {
        path,
        take: (record) => {
          clearTimeout(timer);
          resolve(record);
        },
        giveUp: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#waiters.push(waiter);
    });
  }

  /** Forgets all; whoever waits for a task result is told that there is none. */
  reset(): void {
    const records = this.#records;
    const waiters = this.#waiters;
    this.#records = [];
    this.#byId = new Map();
    this.#given = new Set();
    this.#waiters = [];
    this.#deduplications = new Map();
    this.#generation += 1;
    for (const record of records) record.forget();
    for (const { path, giveUp } of waiters) {
      const message = `The wait for ${path} to be enqueued was ended by reset().`;
      giveUp(new TaskError({ code: "ABORTED", message }));
    }
  }

  #noneCame(path: string, timeout: Duration): TaskError {
    const counts = new Map<string, number>();
    for (const record of this.#records) counts.set(record.path, (counts.get(record.path) ?? 0) + 1);
    const others = [...counts].map(([name, count]) => `${name} (${count})`).join(", ");
    const isUsedUp = counts.has(path) ? " Each is given once; mock.tasks.….enqueued has all of them." : "";
    return new TaskError({
      code: "RESULT_TIMEOUT",
      message: `No further ${path} was enqueued within ${timeout}; enqueued were: ${others === "" ? "none" : others}.${isUsedUp}`,
      data: { path },
    });
  }
}
