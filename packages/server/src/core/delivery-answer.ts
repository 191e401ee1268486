import type { TaskStatus } from "@taskwright/shared";

/** What to tell whoever delivered. */
export type DeliveryAnswer =
  /** Nothing is left to do for this delivery. */
  | { readonly answer: "done"; readonly id: string; readonly status: TaskStatus | null }
  /** The task result has FAILED for good. */
  | { readonly answer: "failed"; readonly id: string }
  /** It is to be delivered again after a while. */
  | { readonly answer: "later"; readonly id: string; readonly afterMs: number; readonly reason: string };
