import { stderr } from "node:process";
import type { Logger } from "./core/logger.ts";
import { logText } from "./log-text.ts";

function silent(): void {}

function writer(level: string): Logger["warn"] {
  return (facts, message) => {
    stderr.write(`${new Date().toISOString()} ${level.padEnd(5)} ${logText(facts, message)}\n`);
  };
}

/** Says warnings and errors on stderr, a line each: trouble must not pass unseen. */
export const defaultLogger: Logger = {
  debug: silent,
  info: silent,
  warn: writer("warn"),
  error: writer("error"),
};

/** Says nothing. */
export const silentLogger: Logger = { debug: silent, info: silent, warn: silent, error: silent };
