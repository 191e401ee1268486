import type { DatabaseSync } from "node:sqlite";
import { TaskError } from "@taskwright/shared";
import { MIGRATIONS } from "./migrations/index.ts";

function incompatible(message: string, data?: { version: unknown; known: number }): TaskError {
  return new TaskError({ code: "BACKEND_INCOMPATIBLE", message, ...(data === undefined ? {} : { data }) });
}

function number(db: DatabaseSync, pragma: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
}

/** Refuses a file that holds something else: tables of ours beside it could be in its way, and are not asked for. */
function checkBlank(db: DatabaseSync, file: string): void {
  const other = db.prepare("SELECT name FROM sqlite_schema LIMIT 1").get();
  if (other === undefined && number(db, "application_id") === 0 && number(db, "user_version") === 0) return;
  throw incompatible(
    `${file} is the database of another application; Taskwright needs a file of its own. Nothing was changed. Choose another path.`,
  );
}

/**
 * Reads how many migrations a file has had; 0 for a file with nothing in it.
 *
 * Throws BACKEND_INCOMPATIBLE for a file of another application, and for one that a newer version of this library has
 * written.
 */
export function readVersion(db: DatabaseSync, file: string): number {
  const table = db
    .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'taskwright_version'")
    .get();
  if (table === undefined) {
    checkBlank(db, file);
    return 0;
  }
  const row = db.prepare("SELECT version FROM taskwright_version").get() as { version: unknown } | undefined;
  const version = row?.version;
  const known = MIGRATIONS.length;
  if (typeof version !== "number" || !Number.isInteger(version) || version < 1) {
    throw incompatible(
      `${file} must say which schema version it has, and does not: it is damaged, or was changed by hand. Restore a backup, or choose another path.`,
      { version: version ?? null, known },
    );
  }
  if (version > known) {
    throw incompatible(
      `${file} has schema version ${version}, and this version of @taskwright/server knows ${known}. ` +
        "A newer version has written it: update this one. Nothing was changed.",
      { version, known },
    );
  }
  return version;
}

/** Applies what is missing; runs inside a transaction that holds the write lock. */
export function migrate(db: DatabaseSync, file: string): void {
  const version = readVersion(db, file);
  if (version === MIGRATIONS.length) return;
  db.exec("CREATE TABLE IF NOT EXISTS taskwright_version (version INTEGER NOT NULL)");
  for (const migration of MIGRATIONS.slice(version)) {
    for (const statement of migration) db.exec(statement);
  }
  db.exec("DELETE FROM taskwright_version");
  db.prepare("INSERT INTO taskwright_version (version) VALUES (?)").run(MIGRATIONS.length);
}
