import type { TaskResult } from "@taskwright/shared";
import type { RunningAttempt } from "./attempt.ts";
import { AttemptRunner } from "./attempt-runner.ts";
import type { Engine } from "./engine.ts";
import { findRecord } from "./find-record.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import type { OpenedBackend } from "./opened-backend.ts";
import { toListedResult } from "./result-mapping.ts";
import { leaseMsOf, runnableTasks } from "./runnable-tasks.ts";
import type { Settled } from "./settled.ts";

/** What to run of a backend. */
export interface RunTarget {
  readonly queue?: string | undefined;
  /** Just this READY one, due or not. */
  readonly id?: string;
  readonly signal?: AbortSignal | undefined;
  /** How long an attempt may take whatever its timeout says, in milliseconds. */
  readonly limitMs?: number | undefined;
}

/** What holds the leases of all that runs from one backend. */
interface KeptLeases {
  readonly keeper: LeaseKeeper;
  running: number;
  /** How often somebody has asked to cancel something that runs here. */
  wakes: number;
  stopWatching: (() => void) | null;
}

/** Runs task results one at a time, without a worker. */
export class RunNow {
  readonly #engine: Engine;
  readonly #workerId: string;
  /** One for each backend: a keeper has a timer, and a watch wakes for all that runs. */
  readonly #kept = new Map<OpenedBackend, KeptLeases>();

  /** @param role what attempts are signed with, beside the name of the process */
  constructor(engine: Engine, role: "executor" | "webhook" | "immediate") {
    this.#engine = engine;
    this.#workerId = `${role}-${engine.host.processName}`;
  }

  /** Claims one of a backend and runs it to the end of its attempt; null when there was none. */
  async next(opened: OpenedBackend, target: RunTarget): Promise<TaskResult | null> {
    const ran = await this.attempt(opened, target);
    if (ran === null) return null;
    const { record } = await findRecord([opened], ran.id);
    return toListedResult(record, this.#engine.tasks.get(record.path), opened.name);
  }

  /** As {@link next}, but tells only what became of it. */
  async attempt(
    opened: OpenedBackend,
    target: RunTarget,
  ): Promise<{ readonly id: string; readonly settled: Settled } | null> {
    if (target.signal?.aborted === true) return null;
    const engine = this.#engine;
    const workerId = this.#workerId;
    const askedAt = engine.host.monotonicTime();
    const kept = this.#keptOf(opened);
    const { keeper, wakes } = kept;
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
    const durationMs = leaseMsOf(engine.task(first.path), opened);
    const held = keeper.keep(first, { askedAt, durationMs, onLost: () => {} });
    const stop = new AbortController();
    const watch = (attempt: RunningAttempt) => {
      const abort = () => attempt.abort("shutdown");
      if (target.signal?.aborted === true) abort();
      target.signal?.addEventListener("abort", abort, { signal: stop.signal });
    };
    const stopWatching = this.#watchCancels(opened);
    // It may have been cancelled while the claim was on its way back, and not be among what was asked after.
    if (kept.wakes !== wakes) void keeper.refresh();
    try {
      const { limitMs } = target;
      const runner = new AttemptRunner(engine, { opened, workerId, keeper, limitMs, by: "call" });
      const { settled } = await runner.run(first, held, watch);
      return { id: first.id, settled: await settled };
    } finally {
      stop.abort();
      stopWatching();
    }
  }

  #keptOf(opened: OpenedBackend): KeptLeases {
    const known = this.#kept.get(opened);
    if (known !== undefined) return known;
    const { host, logger } = this.#engine;
    const made = { keeper: new LeaseKeeper(opened, host, logger), running: 0, wakes: 0, stopWatching: null };
    this.#kept.set(opened, made);
    return made;
  }

  /** Watches while anything runs, once for all of it: each watch that begins asks after every lease. */
  #watchCancels(opened: OpenedBackend): () => void {
    const kept = this.#keptOf(opened);
    if (kept.running++ === 0) {
      const wake = () => {
        kept.wakes++;
        void kept.keeper.refresh();
      };
      kept.stopWatching = opened.backend.wakeups?.watchCancels({ workerId: this.#workerId, wake }) ?? null;
    }
    return () => {
      if (--kept.running > 0) return;
      kept.stopWatching?.();
      kept.stopWatching = null;
    };
  }
}
