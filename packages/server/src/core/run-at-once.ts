import { TaskError } from "@taskwright/shared";
import type { NewTask } from "../backend/index.ts";
import type { AtOnce } from "./at-once.ts";
import type { Engine } from "./engine.ts";
import type { OpenedBackend } from "./opened-backend.ts";
import { RunNow } from "./run-now.ts";

/** How many may be run inside each other: a task that enqueues itself would never end. */
const DEEPEST = 100;
/** How many may be run at the same time: a task may also enqueue itself by a client that says nothing of its parent. */
const MOST = 10_000;

/** Runs tasks inside their enqueues; retries follow at once, whatever their pause. */
export class RunAtOnce implements AtOnce {
  readonly #engine: () => Engine;
  #runNow: RunNow | null = null;
  /** How deep inside others each running one is, by id. */
  readonly #depths = new Map<string, number>();

  /** @param engine given when it is made, as an engine is made with this */
  constructor(engine: () => Engine) {
    this.#engine = engine;
  }

  check(item: NewTask): void {
    if (this.#depthOf(item) <= DEEPEST && this.#depths.size < MOST) return;
    throw new TaskError({
      code: "NOT_SUPPORTED",
      message: `${item.path} would run at once inside ${DEEPEST} others that enqueued each other, or beside ${MOST} others; a chain without an end needs a backend from which workers pull.`,
      data: { path: item.path },
    });
  }

  async run(opened: OpenedBackend, item: NewTask): Promise<void> {
    const { id, maxRetries } = item;
    this.#runNow ??= new RunNow(this.#engine(), "immediate");
    this.#depths.set(id, this.#depthOf(item));
    try {
      for (let attempt = 0; attempt <= maxRetries; attempt++) {
        const ran = await this.#runNow.attempt(opened, { id });
        if (ran?.settled !== "READY") return;
      }
    } finally {
      this.#depths.delete(id);
    }
  }

  #depthOf({ parentId }: NewTask): number {
    return 1 + (parentId === null ? 0 : (this.#depths.get(parentId) ?? 0));
  }
}
