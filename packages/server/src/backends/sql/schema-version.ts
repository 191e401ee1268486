import { TaskError } from "@taskwright/shared";
import type { TableNames } from "./table-names.ts";

/** A step from one schema version to the next, as statements. */
export type Migration = (names: TableNames) => readonly string[];

/** Throws BACKEND_INCOMPATIBLE unless the tables are of the version that is known. */
export function checkVersion(version: number, known: number): void {
  if (version === known) return;
  const message =
    version === 0
      ? "The database has no tables of Taskwright yet. Run `taskwright migrate`."
      : version < known
        ? `The tables have schema version ${version}, and this version of @taskwright/server needs ${known}. Run \`taskwright migrate\`.`
        : `The tables have schema version ${version}, and this version of @taskwright/server knows ${known}. A newer version has made them: update this one.`;
  throw new TaskError({ code: "BACKEND_INCOMPATIBLE", message, data: { version, known } });
}

/** The statements that bring tables of a version to this one's. */
export function pendingMigrations(
  migrations: readonly Migration[],
  names: TableNames,
  version: number,
): readonly string[] {
  const known = migrations.length;
  if (version >= known) return [];
  return [
    ...(version === 0
      ? [`CREATE TABLE IF NOT EXISTS ${names.version} (version integer NOT NULL PRIMARY KEY)`]
      : []),
    ...migrations.slice(version).flatMap((migration) => migration(names)),
    `INSERT INTO ${names.version} (version) VALUES (${known})`,
  ];
}
