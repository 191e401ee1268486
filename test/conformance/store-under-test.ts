import type {
  Backend,
  ClaimAnswer,
  ClaimedTask,
  ClaimRequest,
  EnqueueOutcome,
  Lease,
  LeaseSource,
  Maintenance,
  NewTask,
  Settlement,
  SettleOutcome,
  SweepAnswer,
  SweepRequest,
  TaskInspector,
  TaskRecord,
  Wakeups,
} from "@taskwright/server/backend";
import type { AttemptError } from "@taskwright/shared";
import { expect } from "vitest";
import type { OpenedStore } from "./exercise.ts";
import type { StoreContext, StoreFixture } from "./store-fixture.ts";
import { newTaskId } from "./task-ids.ts";

/** The made-up time at which most cases begin; no store may use a clock of its own instead. */
export const START = 2_000_000_000_000;
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** How long tasks are leased when a case says nothing. */
export const LEASE = 60 * SECOND;

/** The path that tasks have, and that workers ask for, when a case says nothing. */
export const PATH = "mail.send";

/** The place in line that core gives: a point of priority is 30 seconds of head start. */
export function rankOf(dueAt: number, priority: number): number {
  return dueAt - 30 * SECOND * priority;
}

/** A task with everything that a case does not say. */
export function newTask(given: Partial<NewTask> = {}): NewTask {
  const runAfter = given.runAfter ?? START;
  const priority = given.priority ?? 0;
  return {
    id: newTaskId(given.deduplication?.key),
    path: PATH,
    queue: "default",
    priority,
    rank: rankOf(runAfter, priority),
    runAfter,
    enqueuedAt: START,
    expiresAt: null,
    codec: "json",
    input: '{"to":"ada@example.org"}',
    maxRetries: 3,
    policy: null,
    parentId: null,
    scheduleId: null,
    tags: [],
    deduplication: null,
    ...given,
  };
}

/** Many tasks that differ as `given` says of each index. */
export function newTasks(count: number, given: (index: number) => Partial<NewTask> = () => ({})): NewTask[] {
  return Array.from({ length: count }, (_, index) => newTask(given(index)));
}

/** An error that a handler might have thrown. */
export function attemptError(given: Partial<AttemptError> = {}): AttemptError {
  return {
    type: "EXECUTION_ERROR",
    exceptionClass: "TypeError",
    message: "boom",
    stack: "TypeError: boom\n    at send (mail.ts:1:1)",
    attempt: 1,
    workerId: "worker-1",
    at: new Date(START).toISOString(),
    ...given,
  };
}

/** How a sweep is asked when a case says nothing. */
export function sweepRequest(now: number, given: Partial<SweepRequest> = {}): SweepRequest {
  return {
    maxLostAttempts: 3,
    lost: { type: "LEASE_EXPIRED", message: "The worker was lost." },
    poisoned: { type: "LEASE_EXPIRED", message: "Its workers were lost too often." },
    expired: { type: "EXPIRED", message: "It was not started in time." },
    limit: 1_000,
    now,
    ...given,
  };
}

/** A settlement that ends well. */
export function success(output: string | null = null): Settlement {
  return { status: "SUCCESSFUL", output };
}

/** A settlement that retries at a time. */
export function retryAt(runAfter: number, error: AttemptError = attemptError()): Settlement {
  return { status: "READY", runAfter, rank: rankOf(runAfter, 0), error };
}

/** A settlement that gives up. */
export function failure(error: AttemptError = attemptError()): Settlement {
  return { status: "FAILED", error, started: true };
}

/** A fresh store with the short forms that cases are written in; each takes its time, START when none is given. */
export class StoreUnderTest {
  readonly backend: Backend;
  readonly context: StoreContext;
  readonly fixture: StoreFixture;

  constructor({ backend, context, exercise }: OpenedStore) {
    this.backend = backend;
    this.context = context;
    this.fixture = exercise;
  }

  get leases(): LeaseSource {
    return present(this.backend.leases);
  }

  get maintenance(): Maintenance {
    return present(this.backend.maintenance);
  }

  get inspector(): TaskInspector {
    return present(this.backend.inspector);
  }

  get wakeups(): Wakeups {
    return present(this.backend.wakeups);
  }

  /** Enqueues as core does for single calls. */
  enqueue(tasks: readonly NewTask[], now = START): Promise<readonly EnqueueOutcome[]> {
    return this.backend.store.enqueue({ tasks, atomic: false, now });
  }

  /** Stores tasks that nothing hinders, and gives their ids. */
  async add(...given: readonly Partial<NewTask>[]): Promise<string[]> {
    return this.addAll(given.map((one) => newTask(one)));
  }

  /** Stores a thousand at a time. */
  async addAll(tasks: readonly NewTask[]): Promise<string[]> {
    for (let from = 0; from < tasks.length; from += 1_000) {
      const outcomes = await this.enqueue(tasks.slice(from, from + 1_000));
      expect(outcomes.filter(({ outcome }) => outcome !== "stored")).toEqual([]);
    }
    return tasks.map(({ id }) => id);
  }

  /** Stores one task and gives its id. */
  async addOne(given: Partial<NewTask> = {}): Promise<string> {
    const [id] = await this.add(given);
    return id as string;
  }

  /** The task result with this id, which must be there. */
  async record(id: string): Promise<TaskRecord> {
    const [record] = await this.backend.store.get({ ids: [id] });
    if (record == null) throw new Error(`There is no task result ${id}.`);
    return record;
  }

  async claimAnswer(given: Partial<ClaimRequest> = {}): Promise<ClaimAnswer> {
    const request = {
      workerId: "worker-1",
      tasks: [{ path: PATH, lease: LEASE }],
      queues: "all",
      limit: 100,
    } as const;
    return this.leases.claim({ ...request, now: START, ...given });
  }

  async claim(given: Partial<ClaimRequest> = {}): Promise<readonly ClaimedTask[]> {
    return (await this.claimAnswer(given)).claimed;
  }

  /** The ids that a claim hands out, in its order. */
  async claimIds(given: Partial<ClaimRequest> = {}): Promise<string[]> {
    return (await this.claim(given)).map(({ id }) => id);
  }

  /** Claims just one, which must be there. */
  async claimOne(given: Partial<ClaimRequest> = {}): Promise<ClaimedTask> {
    const [claimed] = await this.claim({ limit: 1, ...given });
    if (claimed === undefined) throw new Error("There was nothing to claim.");
    return claimed;
  }

  /** Stores a task and claims it. */
  async addClaimed(given: Partial<NewTask> = {}, request: Partial<ClaimRequest> = {}): Promise<ClaimedTask> {
    const task = newTask(given);
    await this.addAll([task]);
    const tasks = [{ path: task.path, lease: LEASE }];
    return this.claimOne({ tasks, id: task.id, now: task.runAfter, ...request });
  }

  async settle(lease: Lease, settlement: Settlement, now = START): Promise<SettleOutcome> {
    const [outcome] = await this.leases.settle({ items: [{ lease: leaseOf(lease), settlement }], now });
    return outcome as SettleOutcome;
  }

  /** Stores a task and brings it to its end; ends without leases where that is possible. */
  async addFinished(
    status: "SUCCESSFUL" | "FAILED" | "CANCELLED",
    given: Partial<NewTask> = {},
    now = START,
  ): Promise<string> {
    if (status === "CANCELLED") {
      const id = await this.addOne(given);
      expect(await this.backend.store.cancel({ id, now })).toBe("cancelled");
      return id;
    }
    const claimed = await this.addClaimed(given, { now });
    const settlement = status === "SUCCESSFUL" ? success() : failure();
    expect(await this.settle(claimed, settlement, now)).toEqual({ outcome: "applied", status });
    return claimed.id;
  }

  /** A task that this store refuses. */
  spoiledTask(given: Partial<NewTask> = {}): NewTask {
    const { unstorable } = this.fixture;
    if ("none" in unstorable) throw new Error(unstorable.none);
    return unstorable.spoil(newTask(given));
  }

  sweep(now: number, given: Partial<SweepRequest> = {}): Promise<SweepAnswer> {
    return this.maintenance.sweep(sweepRequest(now, given));
  }
}

/** A claimed task's lease and no more, as a worker passes it. */
export function leaseOf({ id, token }: Lease): Lease {
  return { id, token };
}

function present<T>(facet: T | undefined): T {
  if (facet === undefined) throw new Error("The case uses a facet that it does not list under `needs`.");
  return facet;
}
