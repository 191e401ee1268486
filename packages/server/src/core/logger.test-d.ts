import { expectTypeOf } from "vitest";
import type { Logger } from "./logger.ts";

expectTypeOf(console).toExtend<Logger>();

/** As pino declares its methods. */
interface PinoLike {
  debug(facts: object, message?: string, ...args: unknown[]): void;
  info(facts: object, message?: string, ...args: unknown[]): void;
  warn(facts: object, message?: string, ...args: unknown[]): void;
  error(facts: object, message?: string, ...args: unknown[]): void;
  child(facts: Record<string, unknown>): PinoLike;
}
expectTypeOf<PinoLike>().toExtend<Logger>();

// @ts-expect-error -- it has a word for every level
export const quiet: Logger = { error: console.error };
