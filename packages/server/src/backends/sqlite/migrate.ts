import type { DatabaseSync } from "node:sqlite";
import { TaskError } from "@taskwright/shared";
import { MIGRATIONS } from "./migrations/index.ts";

function incompatible(message: string, data?: { version: unknown; known: number }): TaskError {
  return new TaskError({ code: "BACKEND_INCOMPATIBLE", message, ...(data === undefined ? {} : { data }) });
}

/** One statement, so one moment: between two, another process may have made the tables. */
const HOLDS = `SELECT
  (SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'taskwright_version') AS ours,
  (SELECT count(*) FROM sqlite_schema) AS everything,
  (SELECT application_id FROM pragma_application_id) AS application_id,
  (SELECT user_version FROM pragma_user_version) AS user_version`;

/**
 * Reads how many migrations a file has had; 0 for a file with nothing in it.
 *
 * Throws BACKEND_INCOMPATIBLE for a file of another application, and for one that a newer version of this library has
 * written.
 */
export function readVersion(db: DatabaseSync, file: string): number {
  const holds = db.prepare(HOLDS).get() as Readonly<Record<string, number>>;
  if (holds.ours === 0) {
    if (holds.everything === 0 && holds.application_id === 0 && holds.user_version === 0) return 0;
    // Tables of ours beside it could be in its way, and are not asked for.
    throw incompatible(
      `${file} is the database of another application; Taskwright needs a file of its own. Nothing was changed. Choose another path.`,
    );
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
