import { TaskError } from "./errors/task-error.ts";
import { didYouMean } from "./nearest-name.ts";
import { quoted } from "./quoted-name.ts";
import { isPlainObject, kindOf } from "./value-kind.ts";

/** The error for an option that `what` does not have. */
export function unknownOption(what: string, name: string, valid: Iterable<string>): TaskError {
  const names = [...valid];
  return new TaskError({
    code: "INVALID_OPTION",
    message: `${what} has no option ${quoted(name)}.${didYouMean(name, names)} It has: ${names.join(", ")}.`,
    data: { option: name.slice(0, 60) },
  });
}

/** Throws INVALID_OPTION unless `what` was given a plain object. */
export function checkOptionsObject(
  given: unknown,
  what: string,
): asserts given is Readonly<Record<string, unknown>> {
  if (isPlainObject(given)) return;
  throw new TaskError({
    code: "INVALID_OPTION",
    message: `${what} takes its options as a plain object; got ${kindOf(given)}.`,
  });
}

/** Throws INVALID_OPTION unless `what` was given a plain object with no other names than the valid ones. */
export function checkOptionNames(given: unknown, what: string, valid: readonly string[]): void {
  checkOptionsObject(given, what);
  for (const name of Object.keys(given)) {
    if (!valid.includes(name)) throw unknownOption(what, name, valid);
  }
}
