import type { TaskStatus } from "@taskwright/shared";

/** One allowed change of a task result's state. */
export interface Transition {
  /** null: it did not exist. */
  readonly from: TaskStatus | null;
  readonly to: TaskStatus;
  /** What brings it about. */
  readonly by: string;
}

/** Every allowed transition; docs/lifecycle.md shows this table, and a test compares the two. */
export const TRANSITIONS: readonly Transition[] = [
  { from: null, to: "READY", by: "enqueue" },
  { from: "READY", to: "RUNNING", by: "claim" },
  { from: "READY", to: "CANCELLED", by: "cancel" },
  { from: "READY", to: "FAILED", by: "expiry" },
  { from: "RUNNING", to: "SUCCESSFUL", by: "return" },
  { from: "RUNNING", to: "READY", by: "retry" },
  { from: "RUNNING", to: "READY", by: "release" },
  { from: "RUNNING", to: "READY", by: "lease expiry" },
  { from: "RUNNING", to: "FAILED", by: "failure" },
  { from: "RUNNING", to: "FAILED", by: "third lease expiry" },
  { from: "RUNNING", to: "CANCELLED", by: "cancel" },
  { from: "FAILED", to: "READY", by: "manual retry" },
  { from: "CANCELLED", to: "READY", by: "manual retry" },
];

/** Tells whether a task result may go from one state to another. */
export function isAllowed(from: TaskStatus | null, to: TaskStatus): boolean {
  return TRANSITIONS.some((transition) => transition.from === from && transition.to === to);
}
