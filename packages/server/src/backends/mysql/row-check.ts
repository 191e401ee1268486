import type { NewTask, ScheduleRecord } from "../../backend/index.ts";
import { isStorable } from "../sql/storable-text.ts";
import { RowRefusal } from "./driver-errors.ts";

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** How many bytes of UTF-8 the columns hold that keys are made of, and characters the others. */
const LONGEST_QUEUE = 400;
const LONGEST_PATH = 800;
const LONGEST_CODEC = 100;
const LONGEST_NAME = 255;
const LONGEST_SCHEDULE_ID = 100;
const LONGEST_SCHEDULE_NAME = 800;
const LONGEST_RULE = 250;
const LONGEST_ZONE = 100;

/** Whether it is an id of ours; what is none is nowhere. */
export function isId(id: string): boolean {
  return ID.test(id);
}

function problemOf(task: NewTask): string | null {
  const { id, path, queue, codec, input, policy, parentId, scheduleId, tags } = task;
  if (!isId(id)) return "its id must be a UUID in lower case";
  for (const [name, text, longest] of [
    ["path", path, LONGEST_PATH],
    ["queue", queue, LONGEST_QUEUE],
    ["codec", codec, LONGEST_CODEC],
  ] as const) {
    if (typeof text !== "string") return `its ${name} must be text`;
    if (Buffer.byteLength(text) > longest) return `its ${name} is longer than ${longest} bytes`;
  }
  for (const name of [parentId, scheduleId]) {
    if (name !== null && name.length > LONGEST_NAME) {
      return `the id of its parent or schedule is longer than ${LONGEST_NAME} characters`;
    }
  }
  const texts = [path, queue, codec, input, policy, parentId, scheduleId, ...tags];
  return texts.every((text) => text === null || isStorable(text)) ? null : "it holds NUL or a lone surrogate";
}

/**
 * Throws a {@link RowRefusal} for what the columns cannot hold.
 *
 * The server would tell as well, but not with every `sql_mode`: with some it cuts text off and goes on.
 */
export function checkRow(task: NewTask): void {
  const problem = problemOf(task);
  if (problem !== null) throw new RowRefusal(problem);
}

/** Throws a {@link RowRefusal} for a schedule that the columns cannot hold, as {@link checkRow} does. */
export function checkSchedule(schedule: ScheduleRecord): void {
  const { id, name, path, cron, timeZone, codec, input, options, lastTaskId } = schedule;
  for (const [what, text, longest] of [
    ["id", id, LONGEST_SCHEDULE_ID],
    ["name", name, LONGEST_SCHEDULE_NAME],
    ["cron rule", cron, LONGEST_RULE],
    ["time zone", timeZone, LONGEST_ZONE],
    ["codec", codec, LONGEST_CODEC],
    ["last task's id", lastTaskId ?? "", LONGEST_NAME],
  ] as const) {
    if (text.length > longest) throw new RowRefusal(`its ${what} is longer than ${longest} characters`);
  }
  if (Buffer.byteLength(path) > LONGEST_PATH)
    throw new RowRefusal(`its path is longer than ${LONGEST_PATH} bytes`);
  for (const text of [id, name, path, cron, timeZone, codec, input, options, lastTaskId]) checkText(text);
}

/** Throws a {@link RowRefusal} unless text can be stored. */
export function checkText(text: string | null | undefined): void {
  if (typeof text === "string" && !isStorable(text)) throw new RowRefusal("it holds NUL or a lone surrogate");
}
