import { statSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { TaskError } from "@taskwright/shared";
import { DEFAULT_PREFIX, withPrefix } from "./table-prefix.ts";

/** How long the driver itself waits for the lock, with the event loop stopped; longer waits are ours, and asynchronous. */
const DRIVER_TIMEOUT_MS = 5;
/** How large a WAL may grow before it is emptied, and how much more after that did not succeed. */
const LARGE_WAL_BYTES = 32 * 1024 * 1024;

/** A name in a folder, and the file it stood for when it was first looked at. */
class NamedFile {
  readonly #path: string;
  readonly #inode: number;
  readonly #device: number;
  /** At the last look. */
  bytes: number;

  constructor(path: string) {
    const { ino, dev, size } = statSync(path);
    this.#path = path;
    this.bytes = size;
    this.#inode = ino;
    this.#device = dev;
  }

  /** Throws when the name stands for nothing or for another file: what is written into a file without a name is lost. */
  check(): void {
    const stat = statSync(this.#path, { throwIfNoEntry: false });
    if (stat !== undefined && stat.ino === this.#inode && stat.dev === this.#device) {
      this.bytes = stat.size;
      return;
    }
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
  readonly #prefix: string;
  readonly #statements = new Map<string, StatementSync>();
  readonly #main: NamedFile;
  #wal: NamedFile | null = null;
  #trimAtBytes = LARGE_WAL_BYTES;

  constructor(file: string, prefix: string = DEFAULT_PREFIX) {
    this.file = file;
    this.#prefix = prefix;
    this.db = new DatabaseSync(file);
    try {
      this.db.exec(`PRAGMA busy_timeout = ${DRIVER_TIMEOUT_MS}`);
      this.#main = new NamedFile(file);
    } catch (error) {
      this.db.close();
      throw error;
    }
  }

  /** The prepared statement of some SQL, made once; it names tables as by default, whatever their prefix. */
  prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.db.prepare(withPrefix(sql, this.#prefix));
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

  /** Whether the WAL has grown so large that it should be emptied. */
  get isWalLarge(): boolean {
    return this.#wal !== null && this.#wal.bytes >= this.#trimAtBytes;
  }

  /** Empties the WAL; false when somebody reads it. Outside of transactions. */
  trimWal(): boolean {
    const { busy } = this.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get() as { busy: number };
    if (busy === 0) this.#trimAtBytes = LARGE_WAL_BYTES;
    return busy === 0;
  }

  /** Lets the WAL grow some more before it counts as large. */
  postponeTrim(): void {
    this.#trimAtBytes = (this.#wal?.bytes ?? 0) + LARGE_WAL_BYTES;
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
