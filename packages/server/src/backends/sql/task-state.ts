import type { TaskStatus } from "@taskwright/shared";

/** What the tables hold for a state; READY ones are in the table `due` or `later`. */
export const STATE = { READY: 1, RUNNING: 2, SUCCESSFUL: 3, FAILED: 4, CANCELLED: 5 } as const;

const STATUSES: readonly TaskStatus[] = ["READY", "READY", "RUNNING", "SUCCESSFUL", "FAILED", "CANCELLED"];

/** The status that a number stands for. */
export function statusOf(state: unknown): TaskStatus {
  return STATUSES[Number(state)] ?? "FAILED";
}
