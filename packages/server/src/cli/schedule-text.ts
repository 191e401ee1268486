import type { TaskSchedule } from "@taskwright/shared";
import { elapsed, timeAndDistance } from "./elapsed-time.ts";

/** `Active` or `Paused`. */
export function stateText({ isPaused }: TaskSchedule): string {
  return isPaused ? "Paused" : "Active";
}

/** `in 5m`, `now` for one that is due, `-` for a paused one and where nobody knows. */
export function nextText({ nextRunAt }: TaskSchedule, now: number): string {
  if (nextRunAt === null) return "-";
  const wait = nextRunAt.getTime() - now;
  return wait > 0 ? `in ${elapsed(wait)}` : "now";
}

/** `5m ago`, or `-` for one that has not enqueued yet. */
export function lastText({ lastRunAt }: TaskSchedule, now: number): string {
  return lastRunAt === null ? "-" : `${elapsed(now - lastRunAt.getTime())} ago`;
}

/** A schedule in one line: `sendEmail nightly is Active, 0 4 * * 1 in Europe/Berlin: next 2026-02-02 03:00:00Z (in 2d).` */
export function scheduleLine(schedule: TaskSchedule, now: number): string {
  const { id, path, cron, timeZone, nextRunAt } = schedule;
  const next = nextRunAt === null ? "" : `: next ${timeAndDistance(nextRunAt, now)}`;
  return `${path} ${id} is ${stateText(schedule)}, ${cron} in ${timeZone}${next}.`;
}
