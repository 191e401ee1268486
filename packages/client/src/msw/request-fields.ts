import { checkOptionNames, didYouMean, type SharedOptions, TaskError } from "@taskwright/shared";

/** The options of a call that `allowOptions` can name. */
export type MockedOptionName = keyof SharedOptions | "countdown" | "eta" | "runAfter";

const SHORTEST_KEY = 16;
const LONGEST_KEY = 200;
const MOST_INPUTS = 1_000;
/** How long `wait` waits at most, as on a server. */
const LONGEST_WAIT_MS = 25_000;

function invalid(option: string, message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message, data: { option } });
}

/** Reads the object that a procedure takes. */
export function readFields(
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

/** Throws FORBIDDEN for an option that callers may not set. */
export function checkAllowed(options: Readonly<Record<string, unknown>>, allowed: readonly string[]): void {
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

/** Throws INVALID_OPTION for what nobody could have drawn at random. */
export function checkRequestKey(key: unknown): asserts key is string | undefined {
  if (key === undefined) return;
  if (typeof key === "string" && key.length >= SHORTEST_KEY && key.length <= LONGEST_KEY) return;
  throw invalid(
    "requestKey",
    `requestKey must be a random string of ${SHORTEST_KEY} to ${LONGEST_KEY} characters, new for each call, such as a UUID.`,
  );
}

/** Throws INVALID_OPTION unless it is a list of inputs that a server would take. */
export function checkInputs(path: string, inputs: unknown): asserts inputs is readonly unknown[] {
  const fault = Array.isArray(inputs)
    ? inputs.length <= MOST_INPUTS
      ? undefined
      : `an array of length ${inputs.length}; make several calls`
    : typeof inputs;
  if (fault === undefined) return;
  const message = `enqueueMany of ${path} takes an array of at most ${MOST_INPUTS} inputs from here; got ${fault}.`;
  throw invalid("inputs", message);
}

/** Reads which task result is meant. */
export function readAddress(
  { id, path = null, backend = null }: Readonly<Record<string, unknown>>,
  allowed: readonly string[],
): { readonly id: string; readonly path: string | null } {
  if (typeof id !== "string" || id === "")
    throw invalid("id", "The id of a task result must be a non-empty string.");
  if (backend !== null && !allowed.includes("backend")) {
    const message = 'The option "backend" may not be set from here.';
    throw new TaskError({ code: "FORBIDDEN", message, data: { option: "backend" } });
  }
  return { id, path: path as string | null };
}

/** Reads how long a wait may take, in milliseconds. */
export function readTimeout(timeoutMs: unknown): number {
  if (timeoutMs === undefined) return LONGEST_WAIT_MS;
  if (typeof timeoutMs === "number" && timeoutMs >= 0) return Math.min(timeoutMs, LONGEST_WAIT_MS);
  throw invalid("timeoutMs", "timeoutMs must be a number of milliseconds, 0 or more.");
}
