import {
  type Duration,
  didYouMean,
  durationToMs,
  isTaskError,
  TASK_STATUSES,
  type TaskStatus,
} from "@taskwright/shared";
import { InvalidArgumentError } from "commander";
import { LOG_LEVELS, type LogLevel } from "./log-lines.ts";

/** Reads a number of a range; throws for commander to report. */
export function numberFrom(min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+(\.\d+)?$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(
      `It must be a number ${max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`}.`,
    );
  };
}

/** Reads a whole number of a range; throws for commander to report. */
export function wholeNumberFrom(
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(
      `It must be a whole number ${max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`}.`,
    );
  };
}

/** Reads seconds, plain or as a duration with a unit, into milliseconds; throws for commander to report. */
export function durationMs(text: string): number {
  return durationToMs(durationOf(text), "it");
}

/** Reads seconds, plain or as a duration with a unit; throws for commander to report. */
export function durationOf(text: string): Duration {
  const duration = /^\d+(\.\d+)?$/.test(text) ? `${text}s` : text;
  try {
    durationToMs(duration, "it");
    return duration as Duration;
  } catch (error) {
    if (!isTaskError(error)) throw error;
    throw new InvalidArgumentError(
      'It must be seconds, or a duration such as "500ms", "30s", "5m" or "2h" (at most 3650d).',
    );
  }
}

/** Reads a duration as {@link durationOf} does; false for `none`. */
export function timeoutOf(text: string): Duration | false {
  return text === "none" ? false : durationOf(text);
}

/** Milliseconds as options of the library take them. */
export function asDuration(ms: number): Duration {
  return `${ms}ms`;
}

/** Adds one more of an option that may be given several times. */
export function collected(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

/** Reads states, several separated by commas or given one by one; throws for commander to report. */
export function statusesOf<TStatus extends TaskStatus>(
  valid: readonly TStatus[],
): (text: string, before: readonly TStatus[] | undefined) => readonly TStatus[] {
  return (text, before) => {
    const statuses = text.split(",").map((part) => {
      const name = part.trim().toUpperCase();
      const status = valid.find((known) => known === name);
      if (status !== undefined) return status;
      const isOther = TASK_STATUSES.some((known) => known === name);
      throw new InvalidArgumentError(
        `${isOther ? `${name} task results have not finished.` : `There is no state "${part.trim().slice(0, 40)}".${didYouMean(name, valid)}`} It can be ${valid.join(", ")}.`,
      );
    });
    return [...new Set([...(before ?? []), ...statuses])];
  };
}

/** Reads a log level; throws for commander to report. */
export function logLevelOf(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text.toLowerCase());
  if (level !== undefined) return level;
  throw new InvalidArgumentError(`It must be ${LOG_LEVELS.join(", ")}.${didYouMean(text, LOG_LEVELS)}`);
}
