import type { TaskResult } from "@taskwright/shared";
import type { RunningAttempt } from "./attempt.ts";
import { AttemptRunner } from "./attempt-runner.ts";
import type { Engine } from "./engine.ts";
import { findRecord } from "./find-record.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import type { OpenedBackend } from "./opened-backend.ts";
import { toListedResult } from "./result-mapping.ts";
import { leaseMsOf, runnableTasks } from "./runnable-tasks.ts";

/** What to run of a backend. */
export interface RunTarget {
  readonly queue?: string | undefined;
  /** Just this READY one, due or not. */
  readonly id?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Runs task results one at a time, without a worker. */
export class RunNow {
  readonly #engine: Engine;
  readonly #workerId: string;
  /** One for each backend: a keeper has a timer. */
  readonly #keepers = new Map<OpenedBackend, LeaseKeeper>();

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#workerId = `executor-${engine.host.processName}`;
  }

  /** Claims one of a backend and runs it to the end of its attempt; null when there was none. */
  async next(opened: OpenedBackend, target: RunTarget): Promise<TaskResult | null> {
    if (target.signal?.aborted === true) return null;
    const engine = this.#engine;
    const workerId = this.#workerId;
    const askedAt = engine.host.monotonicTime();
    const { claimed } = await opened.leases.claim({
      workerId,
      tasks: runnableTasks(engine, opened),
      queues: target.queue === undefined ? "all" : [target.queue],
      limit: 1,
      ...(target.id === undefined ? {} : { id: target.id }),
      now: opened.clock.now(),
    });
    const [first] = claimed;
    if (first === undefined) return null;
    const keeper = this.#keeperOf(opened);
    const durationMs = leaseMsOf(engine.task(first.path), opened);
    const held = keeper.keep(first, { askedAt, durationMs, onLost: () => {} });
    const stop = new AbortController();
    const watch = (attempt: RunningAttempt) => {
      const abort = () => attempt.abort("shutdown");
      if (target.signal?.aborted === true) abort();
      target.signal?.addEventListener("abort", abort, { signal: stop.signal });
    };
    const stopWatching = opened.backend.wakeups?.watchCancels({
      workerId,
      wake: () => void keeper.refresh(),
    });
    try {
      const { settled } = await new AttemptRunner(engine, { opened, workerId, keeper }).run(
        first,
        held,
        watch,
      );
      await settled;
    } finally {
      stop.abort();
      stopWatching?.();
    }
    const { record } = await findRecord([opened], first.id);
    return toListedResult(record, engine.tasks.get(first.path), opened.name);
  }

  #keeperOf(opened: OpenedBackend): LeaseKeeper {
    const known = this.#keepers.get(opened);
    if (known !== undefined) return known;
    const { host, logger } = this.#engine;
    const keeper = new LeaseKeeper(opened, host, logger);
    this.#keepers.set(opened, keeper);
    return keeper;
  }
}
