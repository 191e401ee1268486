import type { EnqueueOutcome, NewTask } from "../../backend/index.ts";
import { STATE } from "./task-state.ts";

/** Who has a deduplication key. */
export interface KeyHolder {
  readonly id: string;
  readonly until: number;
  readonly state: number;
}

/** Whether the holder keeps its key, so that the second caller gets its id. */
export function isHolding(holder: KeyHolder | undefined, now: number): holder is KeyHolder {
  return holder !== undefined && holder.until > now && holder.state <= STATE.SUCCESSFUL;
}

/** Tasks of which no two have the same key, and for each other one the one that comes before it with its key. */
export interface FirstOfKeys {
  readonly firsts: readonly NewTask[];
  readonly firstOf: ReadonlyMap<NewTask, NewTask>;
}

/** The tasks that come first with their key. */
export function firstOfKeys(tasks: readonly NewTask[]): FirstOfKeys {
  const byKey = new Map<string, NewTask>();
  const firstOf = new Map<NewTask, NewTask>();
  const firsts = tasks.filter((task) => {
    const key = task.deduplication?.key;
    if (key === undefined) return true;
    const first = byKey.get(key);
    if (first === undefined || first.id === task.id) {
      byKey.set(key, task);
      return first === undefined;
    }
    firstOf.set(task, first);
    return false;
  });
  return { firsts, firstOf };
}

/** The outcomes of all tasks, from those of the ones that came first with their key. */
export function outcomesOfAll(
  tasks: readonly NewTask[],
  { firstOf }: FirstOfKeys,
  outcomes: ReadonlyMap<string, EnqueueOutcome>,
): EnqueueOutcome[] {
  return tasks.map((task) => {
    const first = firstOf.get(task);
    if (first === undefined) return outcomes.get(task.id) ?? { outcome: "stored" };
    const outcome = outcomes.get(first.id);
    return outcome?.outcome === "deduplicated"
      ? outcome
      : { outcome: "deduplicated", id: first.id, status: "READY" };
  });
}
