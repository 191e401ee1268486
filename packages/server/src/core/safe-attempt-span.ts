import type { AttemptError } from "@taskwright/shared";
import type { Settled } from "./settled.ts";

/** The span of an attempt, which harms nothing when its tracer throws. */
export interface SafeAttemptSpan {
  /** Calls an asynchronous function, which must not throw at once, in the context of the span. */
  within<T>(work: () => Promise<T>): Promise<T>;
  /** Keeps what went wrong for the end. */
  failed(error: AttemptError | null): void;
  end(settled: Settled): void;
}
