import { type AnyRouter, checkOptionNames, TaskError, type TaskSchedule } from "@taskwright/shared";
import type { ScheduleCall, ScheduleRecord } from "../backend/index.ts";
import {
  callOptionsOf,
  checkScheduleId,
  checkScheduleOptions,
  decodeCallOptions,
  encodeCallOptions,
  isScheduleId,
} from "./checked-schedule.ts";
import { readCronRule } from "./cron-rule.ts";
import type { Engine } from "./engine.ts";
import { resolveCall, scheduleCall } from "./new-task.ts";
import type { OpenedBackend } from "./opened-backend.ts";
import { type FoundSchedule, toSchedule } from "./schedule-mapping.ts";
import type { ScheduleListOptions, Schedules, ScheduleTarget } from "./schedules.ts";
import { syncSchedules } from "./sync-schedules.ts";
import { transactionRunnerOf } from "./transactional-attempt.ts";

const DEFAULT_LIMIT = 100;
const LARGEST_LIMIT = 1_000;
/** How often somebody else may change a schedule while this process does. */
const MOST_TRIES = 20;

type Change = (record: ScheduleRecord, now: number) => ScheduleRecord;

function invalid(option: string, expected: string): TaskError {
  return new TaskError({
    code: "INVALID_OPTION",
    message: `${option} must be ${expected}.`,
    data: { option },
  });
}

function notFound(id: string): TaskError {
  return new TaskError({
    code: "SCHEDULE_NOT_FOUND",
    message: `There is no schedule ${id}: it was never created, or has been deleted.`,
    data: { id },
  });
}

/** Whether a change would change anything that somebody can say. */
function isSame(left: ScheduleRecord, right: ScheduleRecord): boolean {
  const said = [
    "name",
    "path",
    "cron",
    "timeZone",
    "codec",
    "input",
    "options",
    "misfire",
    "isPaused",
  ] as const;
  return said.every((name) => left[name] === right[name]);
}

function pause(record: ScheduleRecord, now: number): ScheduleRecord {
  return record.isPaused ? record : { ...record, isPaused: true, pausedAt: now, nextRunAt: null };
}

function resume(record: ScheduleRecord, now: number): ScheduleRecord {
  if (!record.isPaused) return record;
  const nextRunAt = readCronRule(record.cron, record.timeZone).next(now);
  return { ...record, isPaused: false, resumedAt: now, nextRunAt };
}

/** How its ticks are enqueued; null where this contract does not know, or its options no longer fit. */
function callOf(engine: Engine, { path, options }: ScheduleRecord): ScheduleCall | null {
  const task = engine.tasks.get(path);
  if (task === undefined) return null;
  try {
    return scheduleCall(resolveCall(task, [decodeCallOptions(options)]));
  } catch {
    // It can still be paused, and what is wrong with it is told when its time comes.
    return null;
  }
}

/** Makes the schedules of an engine. */
export function createSchedules<TRouter extends AnyRouter>(engine: Engine): Schedules<TRouter> {
  const named = (backend: string | undefined): readonly OpenedBackend[] => {
    if (backend !== undefined) return [engine.backend(backend)];
    const able = [...engine.backends.values()].filter((opened) => opened.backend.schedules !== undefined);
    return able.length > 0 ? able : [engine.backend("default")];
  };

  async function find(id: string, target: ScheduleTarget, what: string): Promise<FoundSchedule | null> {
    checkOptionNames(target, what, ["backend"]);
    checkScheduleId(id);
    for (const opened of named(target.backend)) {
      await opened.use();
      const record = await opened.schedules.get({ id });
      if (record !== null) return { record, opened };
    }
    return null;
  }

  /** Changes the newest revision, or makes the first; tries again when somebody else was faster. */
  async function save(
    opened: OpenedBackend,
    id: string,
    change: (record: ScheduleRecord | null, now: number) => ScheduleRecord,
  ): Promise<TaskSchedule> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const stored = await opened.schedules.get({ id });
      const now = opened.clock.now();
      const changed = change(stored, now);
      if (stored !== null && isSame(stored, changed)) return toSchedule(engine, { record: stored, opened });
      const record = { ...changed, updatedAt: now, revision: (stored?.revision ?? 0) + 1 };
      if (
        (await opened.schedules.save({ schedule: record, call: callOf(engine, record), tasks: [], now })) ===
        "changed"
      )
        continue;
      for (const look of opened.scheduleWatchers) look();
      return toSchedule(engine, { record, opened });
    }
    throw new TaskError({
      code: "BACKEND_UNAVAILABLE",
      message: `The schedule ${id} was changed by others ${MOST_TRIES} times while this call tried to; try again.`,
    });
  }

  async function changeFound(
    id: string,
    target: ScheduleTarget,
    what: string,
    change: Change,
  ): Promise<TaskSchedule> {
    const found = await find(id, target, what);
    if (found === null) throw notFound(id);
    return save(found.opened, id, (record, now) => {
      if (record === null) throw notFound(id);
      return change(record, now);
    });
  }

  async function create(given: unknown): Promise<TaskSchedule> {
    checkScheduleOptions(given);
    if (typeof given.task !== "string") throw invalid("task", `the path of a task; got ${typeof given.task}`);
    const task = engine.task(given.task);
    const rule = readCronRule(given.cron, given.timeZone);
    const options = callOptionsOf(task, given);
    const opened = engine.backend((given.backend ?? task.options.backend) as string);
    if (task.options.transaction) transactionRunnerOf(opened, task.path);
    const input = await task.payload.encodeInput(given.input);
    await opened.use();
    if (rule.next(opened.clock.now()) === null)
      throw invalid("cron", "a rule that comes at some time; this one never does");
    const id = (given.id ?? engine.host.newId()) as string;
    return save(opened, id, (stored, now) => {
      const isPaused = (given.isPaused ?? stored?.isPaused ?? false) as boolean;
      const isSameRule = stored?.cron === rule.cron && stored.timeZone === rule.timeZone && !stored.isPaused;
      const said: ScheduleRecord = {
        id,
        name: (given.name ?? given.id ?? task.label) as string,
        path: task.path,
        cron: rule.cron,
        timeZone: rule.timeZone,
        codec: task.payload.codec.id,
        input,
        options: encodeCallOptions(options),
        misfire: (given.misfire ?? "once") as ScheduleRecord["misfire"],
        isPaused: stored?.isPaused ?? false,
        nextRunAt: isSameRule ? stored.nextRunAt : stored?.isPaused === true ? null : rule.next(now),
        lastRunAt: stored?.lastRunAt ?? null,
        lastTaskId: stored?.lastTaskId ?? null,
        createdAt: stored?.createdAt ?? now,
        updatedAt: now,
        pausedAt: stored?.pausedAt ?? null,
        resumedAt: stored?.resumedAt ?? null,
        revision: 0,
      };
      return isPaused ? pause(said, now) : resume(said, now);
    });
  }

  return Object.freeze({
    create,

    get: async (id: string, target: ScheduleTarget = {}) => {
      const found = await find(id, target, "schedules.get()");
      if (found === null) throw notFound(id);
      return toSchedule(engine, found);
    },

    list: async (options: ScheduleListOptions = {}) => {
      checkOptionNames(options, "schedules.list()", ["task", "backend", "limit", "cursor"]);
      const { task, limit = DEFAULT_LIMIT, cursor = null } = options;
      if (!(Number.isInteger(limit) && limit >= 1 && limit <= LARGEST_LIMIT))
        throw invalid("limit", `an integer from 1 to ${LARGEST_LIMIT}`);
      if (task !== undefined && typeof task !== "string") throw invalid("task", "the path of a task");
      if (cursor !== null && !isScheduleId(cursor))
        throw invalid("cursor", "the nextCursor of the page before");
      const opened = engine.backend(options.backend ?? "default");
      await opened.use();
      const records = await opened.schedules.list({
        after: cursor,
        ...(task === undefined ? {} : { path: task }),
        // One more tells whether there is a next page.
        limit: limit + 1,
      });
      const page = records.slice(0, limit);
      return {
        schedules: page.map((record) => toSchedule(engine, { record, opened })),
        nextCursor: records.length > limit ? (page.at(-1)?.id ?? null) : null,
      };
    },

    pause: (id: string, target: ScheduleTarget = {}) => changeFound(id, target, "schedules.pause()", pause),
    resume: (id: string, target: ScheduleTarget = {}) =>
      changeFound(id, target, "schedules.resume()", resume),

    sync: async (target: ScheduleTarget = {}) => {
      checkOptionNames(target, "schedules.sync()", ["backend"]);
      return syncSchedules(engine, target.backend);
    },

    delete: async (id: string, target: ScheduleTarget = {}) => {
      checkOptionNames(target, "schedules.delete()", ["backend"]);
      checkScheduleId(id);
      // Not read before: one that was damaged by hand must be deletable.
      for (const opened of named(target.backend)) {
        await opened.use();
        if ((await opened.schedules.delete({ id })) === "deleted") return true;
      }
      return false;
    },
  });
}
