import { TaskError } from "@taskwright/shared";
import type { Connection } from "./connection.ts";
import { toTaskError } from "./driver-errors.ts";
import type { LocalWakes } from "./wakeups.ts";
import type { WriteQueue } from "./write-queue.ts";

/** What the facets of an open backend share. */
export interface OpenedStore {
  readonly connection: Connection;
  readonly writes: WriteQueue;
}

/** Gives facets the open store, and tells watchers in this process what its writes changed. */
export class StoreHandle {
  readonly wakes: LocalWakes;
  readonly file: string;
  #opened: OpenedStore | null = null;

  constructor(file: string, wakes: LocalWakes) {
    this.file = file;
    this.wakes = wakes;
  }

  get isOpen(): boolean {
    return this.#opened !== null;
  }

  set(opened: OpenedStore | null): void {
    this.#opened = opened;
  }

  /** The open store; throws CLOSED. */
  get opened(): OpenedStore {
    if (this.#opened !== null) return this.#opened;
    throw new TaskError({ code: "CLOSED", message: `The backend of ${this.file} is not open.` });
  }

  /** Runs a read, which needs no lock. */
  async read<T>(run: (connection: Connection) => T): Promise<T> {
    return this.readNow(run);
  }

  /** As {@link read}, without a promise. */
  readNow<T>(run: (connection: Connection) => T): T {
    const { connection } = this.opened;
    try {
      return run(connection);
    } catch (error) {
      throw toTaskError(error, this.file);
    }
  }

  /** Runs a write in the transaction that this turn of the event loop shares. */
  async write<T>(run: (connection: Connection) => T): Promise<T> {
    const { connection, writes } = this.opened;
    return writes.write(() => run(connection));
  }
}
