/** Where the engine's messages go; pino's loggers and `console` fit. */
export interface Logger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
  /** Makes a logger that adds facts to each message. */
  child?(facts: object): Logger;
}

/** The logger of a server that is given none: the program that runs it may take its messages. */
export interface UnclaimedLogger extends Logger {
  /** Sends messages there from now on; who takes them tells of failed attempts itself. */
  "~sendTo"(logger: Logger): void;
}

/**
 * Makes an {@link UnclaimedLogger}.
 *
 * @param first gets the messages until somebody takes them
 */
export function unclaimedLogger(first: Logger, onTaken: () => void): UnclaimedLogger {
  let target = first;
  return {
    debug: (facts, message) => target.debug(facts, message),
    info: (facts, message) => target.info(facts, message),
    warn: (facts, message) => target.warn(facts, message),
    error: (facts, message) => target.error(facts, message),
    child: (facts) => childLogger(target, facts),
    "~sendTo": (logger) => {
      target = logger;
      onTaken();
    },
  };
}

/** A logger that adds facts to each message, also of a logger that has no children. */
export function childLogger(logger: Logger, facts: object): Logger {
  const child = logger.child?.(facts);
  if (child !== undefined) return child;
  const at = (level: "debug" | "info" | "warn" | "error") => (more: object, message: string) =>
    logger[level]({ ...facts, ...more }, message);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** The same logger, which harms nobody when it throws, as one does that turns every error into JSON. */
export function guardedLogger(logger: Logger, fallback: Logger): Logger {
  const at = (level: "debug" | "info" | "warn" | "error") => (facts: object, message: string) => {
    try {
      logger[level](facts, message);
    } catch (error) {
      fallback[level](facts, message);
      fallback.error({ err: error }, "The logger threw.");
    }
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    // A handler's own calls are its own affair.
    child: (facts) => childLogger(logger, facts),
  };
}
