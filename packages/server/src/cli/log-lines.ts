import { childLogger, type Logger } from "../core/logger.ts";
import { logText } from "../log-text.ts";
import type { CliIo } from "./cli-io.ts";
import { jsonText } from "./json-output.ts";
import { painter, singleLine } from "./terminal-text.ts";

/** Levels of log lines, least urgent first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** How urgent a log line is. */
export type LogLevel = (typeof LOG_LEVELS)[number];

const STYLES = { debug: "dim", info: "green", warn: "yellow", error: "red" } as const;
const LONGEST_MESSAGE = 500;

/** Writes log lines: facts for programs, the message for people. */
export interface LogLines {
  readonly level: LogLevel;
  readonly isJson: boolean;
  write(level: LogLevel, message: string, facts: Readonly<Record<string, unknown>>): void;
}

function plain(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const { code } = value as { readonly code?: unknown };
  return { name: value.name, ...(code === undefined ? {} : { code }), message: value.message };
}

/** Makes the log of a long-running command; each line is JSON, or words with the time in front. */
export function createLogLines(
  io: CliIo,
  options: { readonly level: LogLevel; readonly json: boolean },
): LogLines {
  const { level: lowest, json } = options;
  const paint = painter(io.stdout, io.env);
  const clock = (now: Date) =>
    io.stdout.isTTY === true ? now.toTimeString().slice(0, 8) : now.toISOString();
  return {
    level: lowest,
    isJson: json,
    write: (level, message, facts) => {
      if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(lowest)) return;
      const now = new Date();
      if (json) {
        const shown = Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, plain(value)]));
        // What a handler calls by a name of ours gives way.
        const line = { time: now.toISOString(), level, message };
        io.stdout.write(`${jsonText({ ...line, ...shown, ...line })}\n`);
        return;
      }
      const text = singleLine(message, LONGEST_MESSAGE);
      io.stdout.write(`${paint("dim", clock(now))} ${paint(STYLES[level], level.padEnd(5))} ${text}\n`);
    },
  };
}

/** A logger for the engine: its routine messages are details here, its warnings and what handlers say are not. */
export function engineLogger(lines: LogLines): Logger {
  const at = (level: LogLevel) => (facts: object, message: string) =>
    lines.write(level, lines.isJson ? message : logText(facts, message), { ...facts });
  const child: Logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  return { ...child, info: at("debug"), child: (facts) => childLogger(child, facts) };
}
