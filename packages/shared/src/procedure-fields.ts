import { TaskError } from "./errors/task-error.ts";
import { didYouMean } from "./nearest-name.ts";
import { checkOptionNames } from "./option-names.ts";

const MOST_INPUTS = 1_000;
const SHORTEST_KEY = 16;
const LONGEST_KEY = 200;

function invalid(option: string, message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message, data: { option } });
}

/** Reads the object that a procedure for tasks takes; throws INVALID_OPTION for none, and for other names in it. */
export function readProcedureFields(
  input: unknown,
  what: string,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  if (input === undefined || input === null) {
    throw new TaskError({
      code: "INVALID_OPTION",
      message: `${what} takes an object of ${names.join(", ")}; none came. Where this tRPC instance has a transformer, its clients need the same one.`,
    });
  }
  checkOptionNames(input, what, names);
  return input as Readonly<Record<string, unknown>>;
}

/** Throws FORBIDDEN for an option of a call that its caller may not set; undefined is none. */
export function checkAllowedOptions(
  options: Readonly<Record<string, unknown>>,
  allowed: readonly string[],
): void {
  for (const name of Object.keys(options)) {
    if (options[name] === undefined || allowed.includes(name)) continue;
    const shown = name.slice(0, 60);
    const which = allowed.length === 0 ? "none is" : `allowed are: ${allowed.join(", ")}`;
    throw new TaskError({
      code: "FORBIDDEN",
      message: `The option "${shown}" may not be set from here; ${which}.${didYouMean(name, allowed)}`,
      data: { option: shown },
    });
  }
}

/** Throws INVALID_OPTION unless it is none, or 16 to 200 characters: less could nobody have drawn at random. */
export function checkRequestKey(key: unknown): asserts key is string | undefined {
  if (key === undefined) return;
  if (typeof key === "string" && key.length >= SHORTEST_KEY && key.length <= LONGEST_KEY) return;
  throw invalid(
    "requestKey",
    `requestKey must be a random string of ${SHORTEST_KEY} to ${LONGEST_KEY} characters, new for each call, such as a UUID.`,
  );
}

/** Throws INVALID_OPTION unless it is a list of inputs that `enqueueMany` takes from a remote caller: 1000 at most. */
export function checkInputList(path: string, inputs: unknown): asserts inputs is readonly unknown[] {
  const fault = Array.isArray(inputs)
    ? inputs.length <= MOST_INPUTS
      ? undefined
      : `an array of length ${inputs.length}; make several calls`
    : typeof inputs;
  if (fault === undefined) return;
  const message = `enqueueMany of ${path} takes an array of at most ${MOST_INPUTS} inputs from here; got ${fault}.`;
  throw invalid("inputs", message);
}
