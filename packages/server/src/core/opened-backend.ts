import { TaskError } from "@taskwright/shared";
import type {
  Backend,
  BeginOutcome,
  DeadLetters,
  EnqueueOutcome,
  Lease,
  LeaseSource,
  Maintenance,
  NewTask,
  ProgressOutcome,
  ScheduleStore,
  Settlement,
  SettleOutcome,
  TaskInspector,
  TaskRecord,
} from "../backend/index.ts";
import { Batcher } from "./batcher.ts";
import { boundedBackend } from "./bounded-backend.ts";
import type { Host } from "./host.ts";
import type { Logger } from "./logger.ts";
import { OutboxRelay } from "./outbox-relay.ts";
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
  /** Says that handlers are about to be called. */
  readonly begins: Batcher<Lease, BeginOutcome>;
  /** Stores the progress of attempts. */
  readonly progress: Batcher<{ readonly lease: Lease; readonly progress: string }, ProgressOutcome>;
  /** Reads task results by id. */
  readonly reads: Batcher<string, TaskRecord | null>;
  /** Called when this process has changed a schedule. */
  readonly scheduleWatchers: Set<() => void> = new Set();
  /** Brings what transactions have left in the backend's outbox; null where there is none. */
  readonly relay: OutboxRelay | null;
  #opening: Promise<void> | null = null;
  #isOpen = false;
  #isClosed = false;

  constructor(name: string, backend: Backend, parts: { readonly host: Host; readonly logger: Logger }) {
    const { host, logger } = parts;
    this.name = name;
    const now = () => this.clock.now();
    this.backend = boundedBackend(name, backend, { host, now });
    const { store, readTime, outbox, batchesAtOnce: mostAtOnce } = this.backend;
    this.clock = new StoreClock(host, readTime);
    this.enqueues = new Batcher(host, { largest: LARGEST_ENQUEUE, mostAtOnce }, (tasks) =>
      store.enqueue({ tasks, atomic: false, now: now() }),
    );
    this.settlements = new Batcher(host, { largest: LARGEST_SETTLE, mostAtOnce }, (items) =>
      this.leases.settle({ items, now: now() }),
    );
    this.begins = new Batcher(host, { largest: LARGEST_SETTLE }, (items) =>
      this.leases.begin({ items, now: now() }),
    );
    this.progress = new Batcher(host, { largest: LARGEST_SETTLE }, (items) =>
      this.leases.progress({ items, now: now() }),
    );
    this.reads = new Batcher(host, { largest: LARGEST_READ }, (ids) => store.get({ ids }));
    this.relay =
      outbox === undefined
        ? null
        : new OutboxRelay(
            {
              name,
              source: outbox,
              clock: this.clock,
              isClosed: () => this.#isClosed,
              enqueue: (task) => this.enqueues.add(task),
            },
            host,
            logger,
          );
  }

  /** Whether it can be used, so that hot paths need not await {@link use}. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Opens the store where that has not been done yet; rejects with CLOSED after {@link close}, until {@link open}. */
  use(): Promise<void> {
    return this.#isClosed ? Promise.reject(this.#closedError()) : this.open();
  }

  /** Opens the store, after a {@link close} too, and reads its clock, once; a failed try is made again by the next call. */
  open(): Promise<void> {
    this.#isClosed = false;
    if (this.#opening !== null) return this.#opening;
    const opening: Promise<void> = this.#open(() => this.#opening === opening);
    this.#opening = opening;
    return opening;
  }

  /** @param isWanted whether nobody has closed it meanwhile */
  async #open(isWanted: () => boolean): Promise<void> {
    try {
      await this.backend.open();
      await this.clock.measure();
    } catch (error) {
      if (!isWanted()) throw this.#closedError();
      this.#opening = null;
      throw error;
    }
    if (!isWanted()) throw this.#closedError();
    this.#isOpen = true;
  }

  #closedError(): TaskError {
    return new TaskError({
      code: "CLOSED",
      message: `The backend "${this.name}" was closed by close(); only server.open() or the start of a worker opens it again.`,
    });
  }

  /** Resolves when what is on its way to the store has arrived, or failed. */
  async drained(): Promise<void> {
    if (this.#opening === null) return;
    await Promise.all([this.enqueues.drained(), this.settlements.drained(), this.progress.drained()]);
  }

  /** Whether {@link close} was called, and no `open` after it. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Closes the store. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isOpen = false;
    this.#opening = null;
    this.relay?.stop();
    await this.backend.close();
  }

  /** The lease facet, or that for what was delivered; throws NOT_SUPPORTED where there is neither. */
  get leases(): LeaseSource {
    return (
      this.backend.leases ??
      this.backend.delivery?.leases ??
      this.#lacks("leases, so workers cannot pull from it")
    );
  }

  /** The inspector facet; throws NOT_SUPPORTED where there is none. */
  get inspector(): TaskInspector {
    return this.backend.inspector ?? this.#lacks("lists and counts");
  }

  /** The maintenance facet; throws NOT_SUPPORTED where there is none. */
  get maintenance(): Maintenance {
    return this.backend.maintenance ?? this.#lacks("sweeps and purges");
  }

  /** The schedules facet; throws NOT_SUPPORTED where there is none. */
  get schedules(): ScheduleStore {
    return this.backend.schedules ?? this.#lacks("schedules");
  }

  /** The facet of dead letters; throws NOT_SUPPORTED where there is none. */
  get deadLetters(): DeadLetters {
    return this.backend.deadLetters ?? this.#lacks("dead letters, as workers claim from it");
  }

  #lacks(what: string): never {
    throw new TaskError({
      code: "NOT_SUPPORTED",
      message: `The backend "${this.name}" (${this.backend.kind}) has no ${what}.`,
    });
  }
}
