import type { Logger } from "./core/logger.ts";

function silent(): void {}

/** Sends warnings and errors to the console: trouble with a store must not pass unseen. */
export const defaultLogger: Logger = {
  debug: silent,
  info: silent,
  // biome-ignore lint/suspicious/noConsole: whoever gives no logger still needs to hear of trouble
  warn: (facts, message) => console.warn(message, facts),
  // biome-ignore lint/suspicious/noConsole: as above
  error: (facts, message) => console.error(message, facts),
};
