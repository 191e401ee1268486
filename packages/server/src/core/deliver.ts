import type { TaskStatus } from "@taskwright/shared";
import type { Delivered, DeliveredTask, DeliveredTick, DeliverySource, NewTask } from "../backend/index.ts";
import { decodeCallOptions } from "./checked-schedule.ts";
import type { DeliveryAnswer } from "./delivery-answer.ts";
import type { Engine } from "./engine.ts";
import { giveUp } from "./give-up.ts";
import { newTask, resolveCall } from "./new-task.ts";
import type { OpenedBackend } from "./opened-backend.ts";
import type { RunNow } from "./run-now.ts";
import type { Settled } from "./settled.ts";
import { taskAgain } from "./task-again.ts";
import { sweep } from "./upkeep.ts";

/** The longest wait that whoever delivers can be asked for. */
const LONGEST_LATER_MS = 86_400_000;
/** How early a delivery may be. */
const EARLY_MS = 500;
/** When to come again where another delivery is at it, or was faster. */
const HELD_MS = 30_000;
/** When to come again for a task that no server of this deploy knows. */
const UNKNOWN_MS = 300_000;
const NOT_STORED_MS = 60_000;

/** How a delivery is run. */
export interface DeliveryRun {
  readonly runNow: RunNow;
  /** How long the attempt may take, whatever its timeout says; undefined for as long as that. */
  readonly limitMs: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A delivery that is being taken. */
interface Turn {
  readonly delivered: DeliveredTask | DeliveredTick;
  /** The task that it brought; null where the store has it. */
  readonly brought: NewTask | null;
}

/** Why, and after what time, a delivery is to be repeated. */
interface Again {
  readonly afterMs: number;
  readonly reason: string;
  /** Whether an attempt went wrong. */
  readonly isAttempt?: boolean;
  readonly status?: TaskStatus;
}

/** Takes what a backend that pushes has delivered: runs the task, unless that was done or is being done. */
export class Deliveries {
  readonly #engine: Engine;
  readonly #opened: OpenedBackend;
  readonly #source: DeliverySource;

  constructor(engine: Engine, opened: OpenedBackend, source: DeliverySource) {
    this.#engine = engine;
    this.#opened = opened;
    this.#source = source;
  }

  async take(delivered: Delivered, run: DeliveryRun): Promise<DeliveryAnswer> {
    const { id, path } = delivered;
    if (delivered.kind === "given-up") return giveUp(this.#engine, this.#opened, this.#source, delivered);
    const task = this.#engine.tasks.get(path);
    if (task?.handler === undefined) return this.#unknown(delivered);
    const brought = delivered.kind === "tick" ? this.#tickTask(delivered) : delivered.task;
    const { clock } = this.#opened;
    if (brought !== null) {
      const { deliveriesBefore } = delivered;
      await this.#source.receive({ task: brought, deliveriesBefore, now: clock.now() });
    }
    const turn = { delivered, brought };
    const ended = await this.#ended(turn);
    if (ended !== null) return ended;
    const waits = await this.#notDue(turn);
    if (waits !== null) return waits;
    const ran = await run.runNow.attempt(this.#opened, { id, limitMs: run.limitMs, signal: run.signal });
    if (ran === null)
      return this.#comeAgain(turn, { afterMs: HELD_MS, reason: "another delivery was faster" });
    return this.#after(turn, ran.settled);
  }

  /** Stays with whoever delivers, or waits for a deploy that knows it; it costs no attempt. */
  async #unknown({ id, path, kind }: Turn["delivered"]): Promise<DeliveryAnswer> {
    const { clock, name } = this.#opened;
    const hint = this.#engine.tasks.has(path) ? "has no handler for it" : "does not know it";
    this.#engine.logger.warn(
      { id, task: path, backend: name },
      `A task was delivered to a server that ${hint}.`,
    );
    // Of a tick nothing is stored yet that could wait.
    if (this.#source.postpone === undefined || kind === "tick")
      return later(id, UNKNOWN_MS, "this server has no handler for the task");
    const now = clock.now();
    await this.#source.postpone({ id, until: now + UNKNOWN_MS, now });
    return { answer: "done", id, status: "READY" };
  }

  #tickTask(tick: Extract<Delivered, { kind: "tick" }>): NewTask {
    const task = this.#engine.task(tick.path);
    const call = resolveCall(task, [decodeCallOptions(tick.options)]);
    const now = this.#opened.clock.now();
    const made = newTask(
      task,
      { ...call, options: { ...call.options, deduplicated: false } },
      {
        input: tick.input,
        parentId: null,
        scheduleId: tick.scheduleId,
        now,
        host: { newId: () => tick.id, sha256: this.#engine.host.sha256 },
        store: {},
      },
    );
    return { ...made, codec: tick.codec, deduplication: null };
  }

  /** The answer for what has ended, is being run, or is not there; null for what is READY. */
  async #ended(turn: Turn): Promise<DeliveryAnswer | null> {
    const { id } = turn.delivered;
    let state = await this.#source.state({ id });
    if (state?.status === "RUNNING" && this.#opened.backend.maintenance !== undefined) {
      // Its process may have died; nobody else sweeps where no worker runs.
      await sweep(this.#engine, this.#opened);
      state = await this.#source.state({ id });
    }
    if (state === null) {
      this.#engine.logger.error(
        { id, backend: this.#opened.name },
        "A task was delivered that the store does not have: it was deleted, or this webhook uses another store than whoever enqueued it.",
      );
      return later(id, NOT_STORED_MS, "the store has no such task result");
    }
    const { status } = state;
    if (status === "READY") return null;
    if (status === "RUNNING")
      return this.#comeAgain(turn, { afterMs: HELD_MS, reason: "another delivery runs it", status });
    return status === "FAILED" ? { answer: "failed", id } : { answer: "done", id, status };
  }

  /** The answer for what came before its time; null for what is due. */
  async #notDue(turn: Turn): Promise<DeliveryAnswer | null> {
    const state = await this.#source.state({ id: turn.delivered.id });
    const afterMs = (state?.runAfter ?? 0) - this.#opened.clock.now();
    return afterMs <= EARLY_MS ? null : this.#comeAgain(turn, { afterMs, reason: "it is not due yet" });
  }

  async #after(turn: Turn, settled: Settled): Promise<DeliveryAnswer> {
    const { id } = turn.delivered;
    if (settled === "SUCCESSFUL" || settled === "CANCELLED") return { answer: "done", id, status: settled };
    if (settled === "FAILED") return { answer: "failed", id };
    if (settled === "released") return this.#comeAgain(turn, { afterMs: 1_000, reason: "the server stops" });
    if (settled !== "READY") return this.#comeAgain(turn, { afterMs: HELD_MS, reason: "its lease was lost" });
    const state = await this.#source.state({ id });
    const afterMs = Math.max(0, (state?.runAfter ?? 0) - this.#opened.clock.now());
    return this.#comeAgain(turn, { afterMs, reason: "it is to be retried", isAttempt: true });
  }

  /**
   * Asks for a delivery after a while. What is too far off is sent anew, as whoever delivers waits no longer than a day, and
   * so is what it would give up now.
   */
  async #comeAgain({ delivered, brought }: Turn, again: Again): Promise<DeliveryAnswer> {
    const { id, messageId, deliveriesBefore, isLast } = delivered;
    const { afterMs, reason, isAttempt = false, status = "READY" } = again;
    if (afterMs <= LONGEST_LATER_MS && !isLast) return later(id, afterMs, reason);
    const task = brought ?? (await this.#stored(id));
    if (task === null) return later(id, Math.min(afterMs, LONGEST_LATER_MS), reason);
    const now = this.#opened.clock.now();
    await this.#source.resend({
      task,
      at: now + afterMs,
      cause: `after-${messageId}`,
      deliveriesBefore: deliveriesBefore + (isAttempt ? 1 : 0),
      now,
    });
    return { answer: "done", id, status };
  }

  async #stored(id: string): Promise<NewTask | null> {
    const [record] = await this.#opened.backend.store.get({ ids: [id] });
    return record == null ? null : taskAgain(record);
  }
}

function later(id: string, afterMs: number, reason: string): DeliveryAnswer {
  return { answer: "later", id, afterMs, reason };
}
