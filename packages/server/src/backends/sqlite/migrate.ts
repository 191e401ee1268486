import type { DatabaseSync } from "node:sqlite";
import { TaskError } from "@taskwright/shared";
import { MIGRATIONS } from "./migrations/index.ts";

/** Reads how many migrations a file has had; 0 for a file without our tables. */
export function readVersion(db: DatabaseSync): number {
  const table = db
    .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'taskwright_version'")
    .get();
  if (table === undefined) return 0;
  const row = db.prepare("SELECT version FROM taskwright_version").get() as { version: number } | undefined;
  return row?.version ?? 0;
}

/** Refuses a file that a newer version of this library has written. */
export function checkVersion(version: number, file: string): void {
  if (version <= MIGRATIONS.length) return;
  throw new TaskError({
    code: "BACKEND_INCOMPATIBLE",
    message:
      `${file} has schema version ${version}, and this version of @taskwright/server knows ${MIGRATIONS.length}. ` +
      "A newer version has written it: update this one. Nothing was changed.",
    data: { version, known: MIGRATIONS.length },
  });
}

/** Applies what is missing; runs inside a transaction that holds the write lock. */
export function migrate(db: DatabaseSync, file: string): void {
  const version = readVersion(db);
  checkVersion(version, file);
  if (version === MIGRATIONS.length) return;
  db.exec("CREATE TABLE IF NOT EXISTS taskwright_version (version INTEGER NOT NULL)");
  for (const migration of MIGRATIONS.slice(version)) {
    for (const statement of migration) db.exec(statement);
  }
  db.exec("DELETE FROM taskwright_version");
  db.prepare("INSERT INTO taskwright_version (version) VALUES (?)").run(MIGRATIONS.length);
}
