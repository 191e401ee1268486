import type { BenchInput } from "./contract.ts";

/** Lets the single inserts that come while one statement is under way travel together in the next. */
export class Coalescer {
  readonly #insert: (inputs: readonly BenchInput[]) => Promise<void>;
  #inputs: BenchInput[] = [];
  #next: Promise<void> | null = null;
  #current: Promise<void> = Promise.resolve();

  constructor(insert: (inputs: readonly BenchInput[]) => Promise<void>) {
    this.#insert = insert;
  }

  /** Resolves when the input's row is durable. */
  add(input: BenchInput): Promise<void> {
    this.#inputs.push(input);
    this.#next ??= this.#flush();
    return this.#next;
  }

  async #flush(): Promise<void> {
    await this.#current.catch(() => undefined);
    const inputs = this.#inputs;
    this.#inputs = [];
    this.#next = null;
    this.#current = this.#insert(inputs);
    await this.#current;
  }
}
