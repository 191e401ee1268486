/** Where a task result is in its life; docs/lifecycle.md draws the allowed transitions. */
export type TaskStatus = "READY" | "RUNNING" | "SUCCESSFUL" | "FAILED" | "CANCELLED";

/** The three states that a task result leaves only by a manual retry. */
export type FinishedStatus = "SUCCESSFUL" | "FAILED" | "CANCELLED";

/** Every {@link TaskStatus}, in the order of a task result's life. */
export const TASK_STATUSES: readonly TaskStatus[] = ["READY", "RUNNING", "SUCCESSFUL", "FAILED", "CANCELLED"];

/** Every {@link FinishedStatus}. */
export const FINISHED_STATUSES: readonly FinishedStatus[] = ["SUCCESSFUL", "FAILED", "CANCELLED"];

/** Tells whether a task result in this state has ended. */
export function isFinishedStatus(status: TaskStatus): status is FinishedStatus {
  return status !== "READY" && status !== "RUNNING";
}
