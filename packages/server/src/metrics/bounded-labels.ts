import type { Engine } from "../core/engine.ts";

const MOST_OTHER_QUEUES = 100;
const OTHER = "(other)";

/** Names for labels: as many as the contract has, and not as many as callers and old records make up. */
export class BoundedLabels {
  readonly #tasks: Engine["tasks"];
  readonly #queues: Set<string>;
  readonly #mostQueues: number;

  constructor({ tasks }: Engine) {
    this.#tasks = tasks;
    this.#queues = new Set(
      [...tasks.values()].flatMap(({ queues }) => (queues === "any" ? [] : [...queues])),
    );
    this.#mostQueues = this.#queues.size + MOST_OTHER_QUEUES;
  }

  /** The path of a task of the contract, or "(other)". */
  task(path: string): string {
    return this.#tasks.has(path) ? path : OTHER;
  }

  /** A queue of the contract, one of the first hundred others, or "(other)". */
  queue(name: string): string {
    if (this.#queues.has(name)) return name;
    if (this.#queues.size >= this.#mostQueues) return OTHER;
    this.#queues.add(name);
    return name;
  }
}
