import { DatabaseSync, type StatementSync } from "node:sqlite";
import { TaskError } from "@taskwright/shared";
import type { StateStore } from "../engine/state-store.ts";

const VERSION = 1;
const BUSY_CODES: readonly number[] = [5, 6];
const NO_DATABASE = 26;
const FULL = 13;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS entries (
    position INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (kind, id)
  );
  PRAGMA user_version = ${VERSION};
`;

function meaning(error: unknown): string {
  const code = Number((error as { errcode?: unknown }).errcode) & 0xff;
  if (BUSY_CODES.includes(code)) {
    return "another program has it open; end that, or choose another file";
  }
  if (code === NO_DATABASE) return "it is not a SQLite database; choose another file";
  if (code === FULL) return "its disk is full; free some space";
  return "it cannot be opened or written; does its folder exist, and may this process write there?";
}

/** Says of which file an error of SQLite is, and how to mend it. */
function unusable(file: string, error: unknown): TaskError {
  if (error instanceof TaskError) return error;
  return new TaskError({
    code: "BACKEND_UNAVAILABLE",
    message: `The state file ${file}: ${meaning(error)}.`,
    cause: error,
  });
}

/** Keeps the engine's state in one SQLite file, which one process at a time may have open. */
export class SqliteStore implements StateStore {
  readonly #file: string;
  readonly #db: DatabaseSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  #isOpen = true;
  #depth = 0;

  /** Throws BACKEND_UNAVAILABLE, or BACKEND_INCOMPATIBLE for a file of something else. */
  constructor(file: string) {
    this.#file = file;
    let db: DatabaseSync | undefined;
    try {
      db = new DatabaseSync(file);
      db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
      db.exec("BEGIN EXCLUSIVE");
      this.#prepareTables(db);
      db.exec("COMMIT");
      this.#put = db.prepare(
        "INSERT INTO entries (kind, id, value) VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET value = excluded.value",
      );
      this.#remove = db.prepare("DELETE FROM entries WHERE kind = ? AND id = ?");
      this.#db = db;
    } catch (error) {
      db?.close();
      throw unusable(file, error);
    }
  }

  load(kind: string): readonly (readonly [id: string, value: unknown])[] {
    const rows = this.#db.prepare("SELECT id, value FROM entries WHERE kind = ? ORDER BY position").all(kind);
    return rows.map(({ id, value }) => [String(id), JSON.parse(String(value))]);
  }

  put(kind: string, id: string, value: unknown): void {
    this.#guarded(() => this.#put.run(kind, id, JSON.stringify(value)));
  }

  remove(kind: string, id: string): void {
    this.#guarded(() => this.#remove.run(kind, id));
  }

  atomically<T>(work: () => T): T {
    if (!this.#isOpen || this.#depth > 0) return work();
    this.#guarded(() => this.#db.exec("BEGIN"));
    this.#depth++;
    try {
      const result = work();
      this.#guarded(() => this.#db.exec("COMMIT"));
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    } finally {
      this.#depth--;
    }
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#db.close();
  }

  #rollBack(): void {
    try {
      this.#db.exec("ROLLBACK");
    } catch {
      // A full disk, for one, has ended the transaction already.
    }
  }

  #prepareTables(db: DatabaseSync): void {
    const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
    const { count } = db.prepare("SELECT count(*) AS count FROM sqlite_schema").get() as { count: number };
    const isOurs = version === VERSION || (version === 0 && count === 0);
    if (isOurs) {
      db.exec(SCHEMA);
      return;
    }
    throw new TaskError({
      code: "BACKEND_INCOMPATIBLE",
      message: `The state file ${this.#file} holds something else than the state of this version of qstash-dev; nothing was changed. Choose another file.`,
    });
  }

  #guarded(work: () => unknown): void {
    // What ends after the server was closed has nowhere to go; its message is still pending in the file.
    if (!this.#isOpen) return;
    try {
      work();
    } catch (error) {
      throw unusable(this.#file, error);
    }
  }
}
