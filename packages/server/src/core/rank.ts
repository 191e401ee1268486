/** How much earlier in line one point of priority puts a task, in milliseconds. */
const HEAD_START_MS = 30_000;

/** The place in line, lowest first: the due time less the priority's head start. */
export function rankOf(dueAt: number, priority: number): number {
  return dueAt - HEAD_START_MS * priority;
}
