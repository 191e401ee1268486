import type { Settlement } from "../backend/index.ts";

type Reason = "EXPIRED" | "INTERNAL_ERROR";

const REASONS: Readonly<Record<Reason, string>> = {
  EXPIRED: "It was not started in time.",
  INTERNAL_ERROR:
    "What its call said about timeout and retries cannot be read: the stored policy was changed by something else, or is damaged.",
};

/** The end of a task result that was claimed and whose handler must not be called. */
export function neverBegun(type: Reason, at: number): Settlement {
  const error = {
    type,
    exceptionClass: type,
    message: REASONS[type],
    stack: null,
    attempt: 0,
    workerId: null,
    at: new Date(at).toISOString(),
  } as const;
  return { status: "FAILED", error, started: false };
}
