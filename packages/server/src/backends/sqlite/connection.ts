import { statSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { TaskError } from "@taskwright/shared";

/** How long the driver itself waits for the lock, with the event loop stopped; longer waits are ours, and asynchronous. */
const DRIVER_TIMEOUT_MS = 5;

/** A name in a folder, and the file it stood for when it was first looked at. */
class NamedFile {
  readonly #path: string;
  readonly #inode: number;
  readonly #device: number;

  constructor(path: string) {
    const { ino, dev } = statSync(path);
    this.#path = path;
    this.#inode = ino;
    this.#device = dev;
  }

  /** Throws when the name stands for nothing or for another file: what is written into a file without a name is lost. */
  check(): void {
    const stat = statSync(this.#path, { throwIfNoEntry: false });
    if (stat !== undefined && stat.ino === this.#inode && stat.dev === this.#device) return;
    const fate = stat === undefined ? "deleted or moved" : "replaced";
    throw new TaskError({
      code: "BACKEND_UNAVAILABLE",
      message: `The database file ${this.#path} was ${fate} while it was open; nothing was stored. Put it back, or restart this process to begin with what is there now.`,
    });
  }
}

/** An open database file, its prepared statements, and a check that the file is still there. */
export class Connection {
  readonly file: string;
  readonly db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #main: NamedFile;
  #wal: NamedFile | null = null;

  constructor(file: string) {
    this.file = file;
    this.db = new DatabaseSync(file);
    try {
      this.db.exec(`PRAGMA busy_timeout = ${DRIVER_TIMEOUT_MS}`);
      this.#main = new NamedFile(file);
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

  /** Watches over the WAL too from now on: it stays the same file as long as this connection is open. */
  keepWal(): void {
    this.#wal = new NamedFile(`${this.file}-wal`);
  }

  /** Throws BACKEND_UNAVAILABLE when the database was deleted or replaced. */
  checkFile(): void {
    this.#main.check();
    this.#wal?.check();
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
