import type { AttemptError, AttemptErrorType } from "@taskwright/shared";

const LONGEST_MESSAGE = 8_000;
const LONGEST_STACK = 16_000;

/** Cuts text and takes out what some store refuses: NUL and lone surrogates. */
function storable(text: string, longest: number): string {
  return text.slice(0, longest).replaceAll("\0", "\uFFFD").toWellFormed();
}

function readText(value: object, key: string): string | undefined {
  try {
    const text = (value as Record<string, unknown>)[key];
    return typeof text === "string" ? text : undefined;
  } catch {
    // A getter or proxy of the user's that throws must not hide the failure it belongs to.
    return undefined;
  }
}

function describeThrown(thrown: unknown): { exceptionClass: string; message: string; stack: string | null } {
  if (typeof thrown === "object" && thrown !== null) {
    const isError = thrown instanceof Error;
    return {
      exceptionClass: readText(thrown, "name") ?? (isError ? "Error" : "object"),
      message: readText(thrown, "message") ?? "The handler threw an object without a message.",
      stack: readText(thrown, "stack") ?? null,
    };
  }
  if (typeof thrown === "string") return { exceptionClass: "string", message: thrown, stack: null };
  return { exceptionClass: typeof thrown, message: `The handler threw ${String(thrown)}.`, stack: null };
}

/** Makes the `errors` entry of whatever was thrown. */
export function attemptError(
  type: AttemptErrorType,
  thrown: unknown,
  circumstances: { readonly attempt: number; readonly workerId: string | null; readonly at: number },
): AttemptError {
  const { exceptionClass, message, stack } = describeThrown(thrown);
  return {
    type,
    exceptionClass: storable(exceptionClass, 200),
    message: storable(message, LONGEST_MESSAGE),
    stack: stack === null ? null : storable(stack, LONGEST_STACK),
    attempt: circumstances.attempt,
    workerId: circumstances.workerId,
    at: new Date(circumstances.at).toISOString(),
  };
}
