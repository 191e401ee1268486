import type { ClaimedTask } from "../backend/index.ts";

/** Lost attempts after which a task result is taken for one that kills its workers. */
export const MAX_LOST_ATTEMPTS = 3;

/** Whether it was lost with a worker before, so that the store has to be told when its handler is called. */
export function isSuspect({ lostAttempts }: Pick<ClaimedTask, "lostAttempts">): boolean {
  return lostAttempts > 0;
}

/** Whether one more lost attempt gives it up; a process runs one such at a time, so that only the cause is given up. */
export function isOnLastChance({ lostAttempts }: Pick<ClaimedTask, "lostAttempts">): boolean {
  return lostAttempts >= MAX_LOST_ATTEMPTS - 1;
}
