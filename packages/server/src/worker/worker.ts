import { TaskError } from "@taskwright/shared";
import { endsWithin } from "../core/bounded-answer.ts";
import type { Engine } from "../core/engine.ts";
import { checkKnownQueues } from "../core/known-queues.ts";
import { ABORT_GRACE_MS } from "../core/lease-keeper.ts";
import { runSchedules } from "../core/run-schedules.ts";
import type { AnyTaskServer } from "../create-task-server.ts";
import { ClaimLoop } from "./claim-loop.ts";
import { ScheduleLoop } from "./schedule-loop.ts";
import { UpkeepLoop } from "./upkeep-loop.ts";
import { type ResolvedWorkerOptions, resolveWorkerOptions, type WorkerOptions } from "./worker-options.ts";

/** The longest a timer can be: it does nothing but keep the process alive. */
const KEEP_ALIVE_MS = 2 ** 31 - 1;
const SWEEP_EVERY_MS = 30_000;

/** The loop that claims and runs. */
export interface Worker {
  /** The name it signs attempts with. */
  readonly id: string;
  /** Opens the backend and begins to claim; resolves when it does. */
  start(): Promise<void>;
  /**
   * Stops claiming, lets handlers finish (20 s by default), aborts their signals, and after 5 s more gives back what has
   * ended. Resolves when all that is over, at the latest 5 s later where the store does not answer; safe to call at any
   * time, any number of times.
   */
  stop(): Promise<void>;
  /**
   * Resolves when the worker has stopped, by `stop()`, `once` or `maxTasks`.
   *
   * Rejects with what the store said when a worker with `once` could claim nothing for a minute.
   */
  readonly stopped: Promise<void>;
  /** How many attempts have been started. */
  readonly started: number;
  /** How many handlers run now. */
  readonly running: number;
  [Symbol.asyncDispose](): Promise<void>;
}

let workersMade = 0;

class TaskWorker implements Worker {
  readonly id: string;
  readonly stopped: Promise<void>;
  readonly #engine: Engine;
  readonly #options: ResolvedWorkerOptions;
  readonly #stopped = Promise.withResolvers<void>();
  #failure: { readonly error: unknown } | null = null;
  #loop: ClaimLoop | null = null;
  #upkeep: UpkeepLoop | null = null;
  #schedules: ScheduleLoop | null = null;
  #starting: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;
  #keepAlive: NodeJS.Timeout | null = null;

  constructor(engine: Engine, options: ResolvedWorkerOptions) {
    this.#engine = engine;
    this.#options = options;
    this.id = options.id ?? `${engine.host.processName}-${++workersMade}`;
    this.stopped = this.#stopped.promise;
    // Whoever does not wait for the end reads of the failure in the log.
    this.stopped.catch(() => undefined);
  }

  get started(): number {
    return this.#loop?.started ?? 0;
  }

  get running(): number {
    return this.#loop?.running ?? 0;
  }

  start(): Promise<void> {
    if (this.#stopping !== null) {
      return Promise.reject(
        new TaskError({ code: "CLOSED", message: `Worker ${this.id} was stopped; make a new one.` }),
      );
    }
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = null;
      throw error;
    });
    return this.#starting;
  }

  async #start(): Promise<void> {
    const opened = this.#engine.backend(this.#options.backend);
    await opened.open();
    // A worker that is started to clear what is due would otherwise be gone before the first relay and tick.
    if (this.#options.once) await opened.relay?.poll();
    const hasSchedules = opened.backend.schedules?.due !== undefined;
    if (this.#options.once && hasSchedules) await runSchedules(this.#engine, opened);
    // A stop() that came meanwhile has nothing to stop yet.
    if (this.#stopping !== null) return;
    const { claimIntervalMs, retention } = this.#options;
    this.#keepAlive = setInterval(() => {}, KEEP_ALIVE_MS);
    const sweepEveryMs = claimIntervalMs ?? opened.backend.maintenance?.sweepEveryMs ?? SWEEP_EVERY_MS;
    this.#upkeep = new UpkeepLoop(this.#engine, opened, { sweepEveryMs, retention });
    this.#loop = new ClaimLoop(this.#engine, opened, {
      ...this.#options,
      id: this.id,
      onExhausted: (error) => {
        if (error !== undefined) this.#failure = { error };
        void this.stop();
      },
    });
    this.#upkeep.start();
    if (hasSchedules) {
      this.#schedules = new ScheduleLoop(this.#engine, opened, { lookEveryMs: claimIntervalMs });
      this.#schedules.start();
    }
    this.#loop.start();
    this.#engine.logger.info(
      { worker: this.id, backend: opened.name, queues: this.#options.queues },
      "Worker started.",
    );
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const patienceMs = this.#options.shutdownTimeoutMs + ABORT_GRACE_MS;
    // A start that is still under way sees that it has come too late.
    if (this.#starting !== null) await endsWithin(this.#engine.host, patienceMs, this.#starting);
    await Promise.all([
      this.#upkeep?.stop(patienceMs),
      this.#schedules?.stop(patienceMs),
      this.#loop?.stop(),
    ]);
    if (this.#keepAlive !== null) clearInterval(this.#keepAlive);
    this.#engine.logger.info({ worker: this.id, started: this.started }, "Worker stopped.");
    if (this.#failure === null) this.#stopped.resolve();
    else this.#stopped.reject(this.#failure.error);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Makes a worker of a server; it does nothing until `start()`. */
export function createWorker(server: AnyTaskServer, options: WorkerOptions = {}): Worker {
  const engine = server["~engine"];
  const resolved = resolveWorkerOptions(options);
  const opened = engine.backend(resolved.backend, "The worker");
  if (opened.backend.leases === undefined) {
    throw new TaskError({
      code: "NOT_SUPPORTED",
      message: `The backend "${opened.name}" (${opened.backend.kind}) pushes tasks itself; a worker cannot claim from it.`,
    });
  }
  if (resolved.queues !== "all") checkKnownQueues(engine, resolved.queues);
  return new TaskWorker(engine, resolved);
}
