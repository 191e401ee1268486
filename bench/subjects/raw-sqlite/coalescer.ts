import type { BenchInput } from "../contract.ts";

/** Lets the single inserts of one turn of the event loop share a transaction. */
export class Coalescer {
  readonly #insert: (inputs: readonly BenchInput[]) => void;
  #inputs: BenchInput[] = [];
  #resolves: (() => void)[] = [];
  #failures: ((error: unknown) => void)[] = [];

  constructor(insert: (inputs: readonly BenchInput[]) => void) {
    this.#insert = insert;
  }

  /** Resolves when the input's row is durable. */
  add(input: BenchInput): Promise<void> {
    if (this.#inputs.length === 0) setImmediate(() => this.#flush());
    this.#inputs.push(input);
    return new Promise((resolve, reject) => {
      this.#resolves.push(resolve);
      this.#failures.push(reject);
    });
  }

  #flush(): void {
    const inputs = this.#inputs;
    const resolves = this.#resolves;
    const failures = this.#failures;
    this.#inputs = [];
    this.#resolves = [];
    this.#failures = [];
    try {
      this.#insert(inputs);
      for (const resolve of resolves) resolve();
    } catch (error) {
      for (const fail of failures) fail(error);
    }
  }
}
