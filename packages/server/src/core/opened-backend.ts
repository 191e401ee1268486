import { TaskError } from "@taskwright/shared";
import type {
  Backend,
  EnqueueOutcome,
  Lease,
  LeaseSource,
  Maintenance,
  NewTask,
  ProgressOutcome,
  Settlement,
  SettleOutcome,
  TaskInspector,
  TaskRecord,
} from "../backend/index.ts";
import { Batcher } from "./batcher.ts";
import type { Host } from "./host.ts";
import { StoreClock } from "./store-clock.ts";

const LARGEST_ENQUEUE = 1_000;
const LARGEST_SETTLE = 1_000;
const LARGEST_READ = 500;

/** One of a server's backends: opened at first use, with its clock, its single calls travelling in batches. */
export class OpenedBackend {
  readonly name: string;
  readonly backend: Backend;
  readonly clock: StoreClock;
  /** Stores single task results; one that cannot be stored rejects alone. */
  readonly enqueues: Batcher<NewTask, EnqueueOutcome>;
  /** Ends attempts. */
  readonly settlements: Batcher<{ readonly lease: Lease; readonly settlement: Settlement }, SettleOutcome>;
  /** Stores the progress of attempts. */
  readonly progress: Batcher<{ readonly lease: Lease; readonly progress: string }, ProgressOutcome>;
  /** Reads task results by id. */
  readonly reads: Batcher<string, TaskRecord | null>;
  #opening: Promise<void> | null = null;
  #isOpen = false;

  constructor(name: string, backend: Backend, host: Host) {
    this.name = name;
    this.backend = backend;
    this.clock = new StoreClock(host, backend.readTime);
    const now = () => this.clock.now();
    this.enqueues = new Batcher(host, LARGEST_ENQUEUE, (tasks) =>
      backend.store.enqueue({ tasks, atomic: false, now: now() }),
    );
    this.settlements = new Batcher(host, LARGEST_SETTLE, (items) =>
      this.leases.settle({ items, now: now() }),
    );
    this.progress = new Batcher(host, LARGEST_SETTLE, (items) => this.leases.progress({ items, now: now() }));
    this.reads = new Batcher(host, LARGEST_READ, (ids) => backend.store.get({ ids }));
  }

  /** Whether {@link open} has succeeded, so that hot paths need not await it. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Opens the store and reads its clock, once; a failed try is made again by the next call. */
  open(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = null;
      throw error;
    });
    return this.#opening;
  }

  async #open(): Promise<void> {
    await this.backend.open();
    await this.clock.measure();
    this.#isOpen = true;
  }

  /** Lets what is on its way arrive and closes the store. */
  async close(): Promise<void> {
    if (this.#opening !== null) {
      await Promise.allSettled([
        this.enqueues.drained(),
        this.settlements.drained(),
        this.progress.drained(),
      ]);
    }
    this.#isOpen = false;
    this.#opening = null;
    await this.backend.close();
  }

  /** The lease facet; throws NOT_SUPPORTED where there is none. */
  get leases(): LeaseSource {
    return this.backend.leases ?? this.#lacks("leases, so workers cannot pull from it");
  }

  /** The inspector facet; throws NOT_SUPPORTED where there is none. */
  get inspector(): TaskInspector {
    return this.backend.inspector ?? this.#lacks("lists and counts");
  }

  /** The maintenance facet; throws NOT_SUPPORTED where there is none. */
  get maintenance(): Maintenance {
    return this.backend.maintenance ?? this.#lacks("sweeps and purges");
  }

  #lacks(what: string): never {
    throw new TaskError({
      code: "NOT_SUPPORTED",
      message: `The backend "${this.name}" (${this.backend.kind}) has no ${what}.`,
    });
  }
}
