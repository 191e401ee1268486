import { TaskError } from "@taskwright/shared";
import type { Connection } from "./connection.ts";
import { isBusy, toTaskError } from "./driver-errors.ts";
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

  set(opened: OpenedStore | null): void {
    this.#opened = opened;
  }

  /** Changes when another process has committed; null while the file is not open. */
  dataVersion(): number | null {
    if (this.#opened === null) return null;
    try {
      return this.#opened.connection.dataVersion();
    } catch {
      // NaN is never what was seen before: watchers are woken, look, and are told by their own read what is wrong.
      return Number.NaN;
    }
  }

  /** The open store; throws CLOSED. */
  get opened(): OpenedStore {
    if (this.#opened !== null) return this.#opened;
    throw new TaskError({ code: "CLOSED", message: `The backend of ${this.file} is not open.` });
  }

  /** Runs a read; it takes no lock, but may have to wait for a process that opens, closes or repairs the file. */
  async read<T>(run: (connection: Connection) => T): Promise<T> {
    const { connection, writes } = this.opened;
    try {
      return await writes.patiently(() => run(connection));
    } catch (error) {
      throw toTaskError(error, this.file);
    }
  }

  /** As {@link read}, without a promise; null when it would have to wait. */
  readNow<T>(run: (connection: Connection) => T): T | null {
    const { connection } = this.opened;
    try {
      connection.checkFile();
      return run(connection);
    } catch (error) {
      if (isBusy(error)) return null;
      throw toTaskError(error, this.file);
    }
  }

  /** Runs a write in the transaction that this turn of the event loop shares. */
  async write<T>(run: (connection: Connection) => T): Promise<T> {
    const { connection, writes } = this.opened;
    return writes.write(() => run(connection));
  }
}
