import { isTaskError, TaskError, type TaskErrorCode } from "@taskwright/shared";

/** What QStash said about a request that failed: the SDK's errors have a status and the body as message. */
interface Refusal {
  readonly status: number;
  /** When to try again, in epoch seconds or seconds, where it says so. */
  readonly reset: string | null;
  readonly isDaily: boolean;
}

const LONGEST_TEXT = 300;

function refusalOf(error: unknown): Refusal | null {
  const { status, reset, name } = (error ?? {}) as { status?: unknown; reset?: unknown; name?: unknown };
  if (typeof status !== "number") return null;
  return {
    status,
    reset: typeof reset === "string" ? reset : null,
    isDaily: name === "QstashDailyRatelimitError",
  };
}

/** What a status means, and whether the same request may succeed later. */
function meaningOf({ status, isDaily }: Refusal): { readonly code: TaskErrorCode; readonly text: string } {
  if (status === 401 || status === 403)
    return {
      code: "BACKEND_UNAVAILABLE",
      text: "it refused the token; check QSTASH_TOKEN and QSTASH_URL, which has the region",
    };
  if (status === 429)
    return {
      code: "BACKEND_UNAVAILABLE",
      text: isDaily ? "the messages of the day are used up" : "it is asked too often at the moment",
    };
  if (status === 413)
    return {
      code: "PAYLOAD_ERROR",
      text: "the message is larger than the plan allows; a store keeps inputs out of messages",
    };
  if (status === 404) return { code: "RESULT_NOT_FOUND", text: "it has nothing of that id" };
  if (status >= 400 && status < 500) return { code: "INVALID_OPTION", text: "it refused the request" };
  return { code: "BACKEND_UNAVAILABLE", text: "it failed" };
}

/** The words of QStash's `{"error": …}`, which may name a limit of the plan. */
function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  let words = message;
  try {
    const parsed = JSON.parse(message) as { readonly error?: unknown } | null;
    if (typeof parsed?.error === "string") words = parsed.error;
  } catch {
    // It was no JSON; the text itself is what it said.
  }
  return words.replaceAll(/\s+/g, " ").slice(0, LONGEST_TEXT);
}

/** Turns what a call of QStash threw into a `TaskError`; nothing of the token or an input is in it. */
export function toTaskError(error: unknown): TaskError {
  if (isTaskError(error)) return error;
  const refusal = refusalOf(error);
  if (refusal === null)
    return new TaskError({
      code: "BACKEND_UNAVAILABLE",
      message: "QStash could not be reached; check QSTASH_URL and the network.",
      cause: error,
    });
  const { code, text } = meaningOf(refusal);
  const { status, reset, isDaily } = refusal;
  return new TaskError({
    code,
    message: `QStash: ${text} (${status}: ${wordsOf(error)}).`,
    data: { status, ...(status === 429 ? { reset, isDaily } : {}) },
    cause: error,
  });
}
