import type { DatabaseSync } from "node:sqlite";
import { TaskError } from "@taskwright/shared";
import type { Migration } from "../../backend/index.ts";
import { MIGRATIONS } from "./migrations/index.ts";
import type { ResolvedSqliteOptions } from "./options.ts";
import { withPrefix } from "./table-prefix.ts";

/** Where the tables are. */
export type TablesPlace = Pick<ResolvedSqliteOptions, "file" | "prefix" | "isShared">;

function incompatible(message: string, data?: { version: unknown; known: number }): TaskError {
  return new TaskError({ code: "BACKEND_INCOMPATIBLE", message, ...(data === undefined ? {} : { data }) });
}

/** One statement, so one moment: between two, another process may have made the tables. */
const HOLDS = `SELECT
  (SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE) AS ours,
  (SELECT count(*) FROM sqlite_schema) AS everything,
  (SELECT application_id FROM pragma_application_id) AS application_id,
  (SELECT user_version FROM pragma_user_version) AS user_version`;

/**
 * Reads how many migrations a file has had; 0 for a file with nothing in it, or nothing of ours where the file is shared.
 *
 * Throws BACKEND_INCOMPATIBLE for a file of another application, and for one that a newer version of this library has
 * written.
 */
export function readVersion(db: DatabaseSync, { file, prefix, isShared }: TablesPlace): number {
  const named = (sql: string) => withPrefix(sql, prefix);
  const holds = db.prepare(HOLDS).get(named("taskwright_version")) as Readonly<Record<string, number>>;
  if (holds.ours === 0) {
    if (isShared || (holds.everything === 0 && holds.application_id === 0 && holds.user_version === 0))
      return 0;
    // Tables of ours beside it could be in its way, and are not asked for.
    throw incompatible(
      `${file} is the database of another application; Taskwright needs a file of its own. Nothing was changed. Choose another path.`,
    );
  }
  const row = db.prepare(named("SELECT max(version) AS version FROM taskwright_version")).get();
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

/** Throws BACKEND_INCOMPATIBLE unless the tables of a shared file are those of this version. */
export function checkVersion(version: number, file: string): void {
  const known = MIGRATIONS.length;
  if (version === known) return;
  throw incompatible(
    version === 0
      ? `The database ${file} has no tables of Taskwright yet. Run \`taskwright migrate\`.`
      : `The tables in ${file} have schema version ${version}, and this version of @taskwright/server needs ${known}. Run \`taskwright migrate\`.`,
    { version, known },
  );
}

/** Every migration, each with the statement that notes it. */
export function allMigrations(prefix: string): readonly Migration[] {
  return MIGRATIONS.map(({ name, statements }, index) => ({
    name,
    statements: [
      ...(index === 0
        ? ["CREATE TABLE IF NOT EXISTS taskwright_version (version INTEGER NOT NULL PRIMARY KEY)"]
        : []),
      ...statements,
      `INSERT INTO taskwright_version (version) VALUES (${index + 1})`,
    ].map((sql) => withPrefix(sql, prefix)),
  }));
}

/** The statements that bring tables of a version to this one's. */
export function pendingMigrations(version: number, prefix: string): readonly string[] {
  return allMigrations(prefix)
    .slice(version)
    .flatMap(({ statements }) => statements);
}

/** Applies what is missing, and gives it; runs inside a transaction that holds the write lock. */
export function migrate(db: DatabaseSync, place: TablesPlace): readonly string[] {
  const statements = pendingMigrations(readVersion(db, place), place.prefix);
  for (const sql of statements) db.exec(sql);
  return statements;
}
