import { inspect } from "node:util";
import { isTaskError, type TaskErrorCode } from "@taskwright/shared";
import type { CliIo } from "./cli-io.ts";
import { painter, safeLines } from "./terminal-text.ts";

/** How the command line ends: 0, 1 when the work failed, 2 when it was asked for wrongly, 130 at a second signal. */
export const EXIT_CODES = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/** What the command line was asked for makes no sense; ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The config file is missing, throws or gives no server; ends with exit code 1. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** What to do about it, or the user's own error and where it came from. */
  readonly details: string | null;

  constructor(message: string, details: string | null, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.details = details;
  }
}

const USAGE_CODES: readonly TaskErrorCode[] = [
  "INVALID_OPTION",
  "PAYLOAD_ERROR",
  "UNKNOWN_BACKEND",
  "UNKNOWN_QUEUE",
];

const HINTS: Partial<Record<TaskErrorCode, string>> = {
  RESULT_NOT_FOUND: "`taskwright results list` shows the ones there are.",
  SCHEDULE_NOT_FOUND: "`taskwright schedules list` shows the ones there are.",
  UNKNOWN_TASK: "`taskwright tasks` lists the tasks of this config.",
  HANDLER_MISSING: "`taskwright doctor` lists the tasks without a handler.",
  BACKEND_UNAVAILABLE: "`taskwright doctor` examines each backend; nothing that was acknowledged is lost.",
  BACKEND_INCOMPATIBLE: "`taskwright doctor` examines each backend.",
};

/** The exit code that an error ends with. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT_CODES.usage;
  return isTaskError(error) && USAGE_CODES.includes(error.code) ? EXIT_CODES.usage : EXIT_CODES.failure;
}

/** What a person can do about an error, or null when nobody knows. */
export function hintOf(error: unknown): string | null {
  if (error instanceof ConfigError) return error.details;
  return isTaskError(error) ? (HINTS[error.code] ?? null) : null;
}

/** What an error says, in one piece of text. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return `Something was thrown that is no error: ${typeof error}.`;
  return error.message === "" ? error.name : error.message;
}

/** Prints an error for a person: what is wrong and what to do; the stack only when asked for. */
export function reportError(error: unknown, io: CliIo, verbose: boolean): void {
  const paint = painter(io.stderr, io.env);
  const isExpected = error instanceof UsageError || error instanceof ConfigError || isTaskError(error);
  const hint = hintOf(error) ?? (isExpected || verbose ? null : "Run it again with --verbose for the stack.");
  const lines = [`${paint("red", "Error:")} ${safeLines(messageOf(error))}`];
  if (hint !== null) lines.push(safeLines(hint));
  // Of a config that threw, the user's own error is the one to look at.
  const shown = error instanceof ConfigError ? (error.cause ?? error) : error;
  if (verbose) lines.push(paint("dim", inspect(shown, { depth: 4 })));
  io.stderr.write(`${lines.join("\n")}\n`);
}
