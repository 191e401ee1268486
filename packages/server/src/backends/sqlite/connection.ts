import { statSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { TaskError } from "@taskwright/shared";
import type { ResolvedSqliteOptions } from "./options.ts";

/** How long the driver itself waits for the lock, with the event loop stopped; longer waits are ours, and asynchronous. */
const DRIVER_TIMEOUT_MS = 5;

/** An open database file, its prepared statements, and a check that the file is still there. */
export class Connection {
  readonly file: string;
  readonly db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #inode: number;
  readonly #device: number;

  constructor(options: ResolvedSqliteOptions) {
    this.file = options.file;
    this.db = new DatabaseSync(options.file);
    try {
      this.db.exec(`PRAGMA busy_timeout = ${DRIVER_TIMEOUT_MS}`);
      const { ino, dev } = statSync(options.file);
      this.#inode = ino;
      this.#device = dev;
    } catch (error) {
      this.db.close();
      throw error;
    }
  }

  /** The prepared statement of some SQL, made once. */
  prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** Throws when the file was deleted or replaced: what is written into a file without a name is lost. */
  checkFile(): void {
    const stat = statSync(this.file, { throwIfNoEntry: false });
    if (stat !== undefined && stat.ino === this.#inode && stat.dev === this.#device) return;
    throw new TaskError({
      code: "BACKEND_UNAVAILABLE",
      message: `The database ${this.file} was ${stat === undefined ? "deleted or moved" : "replaced"} while it was open; nothing was stored. Put it back or restart this process.`,
    });
  }

  /** Changes when another connection has committed. */
  dataVersion(): number {
    return (this.prepare("PRAGMA data_version").get() as { data_version: number }).data_version;
  }

  close(): void {
    this.#statements.clear();
    this.db.close();
  }
}
