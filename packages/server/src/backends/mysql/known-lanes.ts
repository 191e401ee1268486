import type { NewTask } from "../../backend/index.ts";
import type { CountingExecutor } from "../sql/executor.ts";
import type { TableNames } from "../sql/table-names.ts";
import { insertLanes, readKnownLanes } from "./statements/enqueue.ts";

/** Forgets all beyond this many; a program has few. */
const MOST_LANES = 10_000;

function nameOf({ queue, path }: Pick<NewTask, "queue" | "path">): string {
  return JSON.stringify([queue, path]);
}

/** Where queues and paths are looked up, and where they are added. */
interface LanePlace {
  readonly executor: CountingExecutor;
  readonly names: TableNames;
  readonly add: (work: (executor: CountingExecutor) => Promise<number>) => Promise<number>;
}

/** The queues and paths of which this process knows that the store has them, so that claims find what is stored there. */
export class KnownLanes {
  readonly #known = new Set<string>();

  /**
   * Makes those of tasks known to claims, before the tasks are stored.
   *
   * @param add where missing ones are added: others that add them wait for its end
   */
  async prepare({ executor, names, add }: LanePlace, tasks: readonly NewTask[]): Promise<void> {
    const unknown = new Map(
      tasks
        .map(({ queue, path }) => [nameOf({ queue, path }), { queue, path }] as const)
        .filter(([name]) => !this.#known.has(name)),
    );
    if (unknown.size === 0) return;
    const lanes = [...unknown].sort(([left], [right]) => (left < right ? -1 : 1));
    // Most are there; adding them would lock them, and make others wait for the end of a transaction.
    const json = JSON.stringify(lanes.map(([, lane]) => lane));
    const there = await executor.rows(readKnownLanes(names), [json]);
    const found = new Set(
      there.map(([queue, path]) => nameOf({ queue: queue as string, path: path as string })),
    );
    const missing = lanes.filter(([name]) => !found.has(name)).map(([, lane]) => lane);
    if (missing.length === 0) return;
    await add((adding) => adding.change(insertLanes(names), [JSON.stringify(missing)]));
  }

  /** Notes that a transaction with these tasks has been committed. */
  note(tasks: readonly NewTask[]): void {
    if (this.#known.size > MOST_LANES) this.#known.clear();
    for (const task of tasks) this.#known.add(nameOf(task));
  }

  /** Forgets what it knows, as after tables have been dropped. */
  forget(): void {
    this.#known.clear();
  }
}
