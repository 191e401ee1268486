import { isTaskError, TaskError } from "@taskwright/shared";
import type { NewTask, ScheduleRecord } from "../backend/index.ts";
import { decodeCallOptions } from "./checked-schedule.ts";
import { type CronRule, readCronRule } from "./cron-rule.ts";
import type { Engine, EngineTask } from "./engine.ts";
import { type Call, newTask, resolveCall, scheduleCall } from "./new-task.ts";
import type { OpenedBackend } from "./opened-backend.ts";
import { tickId } from "./tick-id.ts";

/** How late a tick may be that is not counted as missed. */
const GRACE_MS = 60_000;
const LARGEST_LOOK = 100;
/** How many missed ticks are enqueued together. */
const MOST_TICKS = 100;
/** The most looks one call makes; the next call goes on. */
const MOST_LOOKS = 1_000;

/** What one call of {@link runSchedules} has done. */
export interface ScheduleRound {
  /** How many tasks it enqueued. */
  readonly enqueued: number;
  /** The earliest tick after now, in store time; null for none. */
  readonly nextRunAt: number | null;
}

/** The ticks to enqueue of a schedule that is due, and what comes after them. */
function ticksOf(
  { misfire }: ScheduleRecord,
  rule: CronRule,
  times: { readonly first: number; readonly now: number },
): { readonly ticks: readonly number[]; readonly next: number | null } {
  const { first, now } = times;
  if (misfire === "skip" && now - first > GRACE_MS) return { ticks: [], next: rule.next(now - GRACE_MS) };
  if (misfire !== "all") return { ticks: [first], next: rule.next(now) };
  const ticks = [first];
  let next = rule.next(first);
  while (next !== null && next <= now && ticks.length < MOST_TICKS) {
    ticks.push(next);
    next = rule.next(next);
  }
  return { ticks, next };
}

/** Brings the schedules of one backend forward, and enqueues what is due. */
class ScheduleRun {
  readonly #engine: Engine;
  readonly #opened: OpenedBackend;

  constructor(engine: Engine, opened: OpenedBackend) {
    this.#engine = engine;
    this.#opened = opened;
  }

  /**
   * Enqueues what is due of one, and gives how many task results; `changed` when another process was faster, and `stuck` when
   * it cannot be run. Rejects when the store is away.
   */
  async tick(schedule: ScheduleRecord): Promise<number | "changed" | "stuck"> {
    try {
      return await this.#tick(schedule);
    } catch (error) {
      if (isTaskError(error) && error.retryable) throw error;
      this.#tellFailure(schedule, error);
      return "stuck";
    }
  }

  async #tick(schedule: ScheduleRecord): Promise<number | "changed" | "stuck"> {
    const { nextRunAt, path } = schedule;
    const task = this.#engine.tasks.get(path);
    if (nextRunAt === null || task === undefined) return "stuck";
    const rule = readCronRule(schedule.cron, schedule.timeZone);
    const call = resolveCall(task, [decodeCallOptions(schedule.options)]);
    const { schedules, clock } = this.#opened;
    const now = clock.now();
    const { ticks, next } = ticksOf(schedule, rule, { first: nextRunAt, now });
    const tasks = ticks.map((tick) => this.#newTask(task, call, { schedule, tick, now }));
    const outcome = await schedules.save({
      schedule: {
        ...schedule,
        nextRunAt: next,
        lastRunAt: ticks.at(-1) ?? schedule.lastRunAt,
        lastTaskId: tasks.at(-1)?.id ?? schedule.lastTaskId,
        revision: schedule.revision + 1,
      },
      call: scheduleCall(call),
      tasks,
      now,
    });
    if (outcome === "changed") return "changed";
    if (tasks.length === 0)
      this.#engine.logger.warn(
        { schedule: schedule.id, path, backend: this.#opened.name },
        "A schedule's times passed while no worker ran; they are skipped.",
      );
    for (const { id, queue } of tasks)
      this.#engine.events.emit("enqueued", {
        id,
        path,
        queue,
        backend: this.#opened.name,
        deduplicated: false,
      });
    return tasks.length;
  }

  #newTask(
    task: EngineTask,
    call: Call,
    facts: { readonly schedule: ScheduleRecord; readonly tick: number; readonly now: number },
  ): NewTask {
    const { schedule, tick, now } = facts;
    const { host } = this.#engine;
    const { schedules } = this.#opened;
    const id = tickId(host, schedule.id, tick);
    const { deduplicationId: _, ...options } = call.options;
    const made = newTask(
      task,
      // Each tick is one task already, and a key would say in which place of the store it has to be.
      { ...call, options: { ...options, deduplicated: false, runAt: tick } },
      {
        input: schedule.input,
        parentId: null,
        scheduleId: schedule.id,
        now,
        host: { newId: () => schedules.placeId?.({ id }) ?? id, sha256: host.sha256 },
        store: {},
      },
    );
    return { ...made, codec: schedule.codec };
  }

  #tellFailure({ id, path }: ScheduleRecord, error: unknown): void {
    this.#engine.logger.error(
      { err: error, schedule: id, path, backend: this.#opened.name },
      "A schedule that is due cannot be run as it is stored; it waits. Create it again under its id, pause it or delete it.",
    );
  }
}

/**
 * Enqueues what the schedules of a backend have due, each tick once, however many processes do this at once.
 *
 * It leaves alone the schedules of tasks that the contract does not have.
 */
export async function runSchedules(
  engine: Engine,
  opened: OpenedBackend,
  signal?: AbortSignal,
): Promise<ScheduleRound> {
  const { due } = opened.schedules;
  if (due === undefined) {
    throw new TaskError({
      code: "NOT_SUPPORTED",
      message: `The backend "${opened.name}" (${opened.backend.kind}) runs its schedules itself.`,
    });
  }
  const run = new ScheduleRun(engine, opened);
  const paths = [...engine.tasks.keys()];
  // These stay due, and must neither be tried again and again nor hide those behind them.
  const stuck = new Set<string>();
  let enqueued = 0;
  for (let look = 0; ; look++) {
    const found = await due({ paths, limit: LARGEST_LOOK + stuck.size, now: opened.clock.now() });
    let isOver = true;
    for (const schedule of found.schedules) {
      if (signal?.aborted === true) break;
      if (stuck.has(schedule.id)) continue;
      const outcome = await run.tick(schedule);
      // Whoever was faster goes on with it.
      if (outcome === "changed") continue;
      isOver = false;
      if (outcome === "stuck") stuck.add(schedule.id);
      else enqueued += outcome;
    }
    if (isOver || look === MOST_LOOKS || signal?.aborted === true)
      return { enqueued, nextRunAt: found.nextRunAt };
  }
}
