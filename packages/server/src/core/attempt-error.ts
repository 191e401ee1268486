import type { AttemptError, AttemptErrorType } from "@taskwright/shared";
import { isThrownError, readThrown } from "./thrown-value.ts";

const LONGEST_MESSAGE = 8_000;
const LONGEST_STACK = 16_000;

/** Cuts text and takes out what some store refuses: NUL and lone surrogates. */
function storable(text: string, longest: number): string {
  return text.slice(0, longest).replaceAll("\0", "\uFFFD").toWellFormed();
}

function readText(thrown: object, key: string): string | null {
  const text = readThrown(thrown, key);
  return typeof text === "string" && text !== "" ? text : null;
}

function describeThrown(thrown: unknown): { exceptionClass: string; message: string; stack: string | null } {
  if (typeof thrown === "object" && thrown !== null) {
    const kind = isThrownError(thrown) ? "Error" : "object";
    return {
      exceptionClass: readText(thrown, "name") ?? kind,
      message: readText(thrown, "message") ?? `The handler threw an ${kind} without a message.`,
      stack: readText(thrown, "stack"),
    };
  }
  const exceptionClass = typeof thrown;
  if (typeof thrown === "string" && thrown !== "") return { exceptionClass, message: thrown, stack: null };
  // A function may have a toString of its own, which may throw.
  const shown =
    typeof thrown === "function" ? "a function" : thrown === "" ? "an empty string" : String(thrown);
  return { exceptionClass, message: `The handler threw ${shown}.`, stack: null };
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
