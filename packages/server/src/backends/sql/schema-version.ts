import { TaskError } from "@taskwright/shared";
import type { Migration } from "../../backend/index.ts";
import type { TableNames } from "./table-names.ts";

/** A step from one schema version to the next, on tables of any names. */
export interface MigrationOn {
  readonly name: string;
  readonly statements: (names: TableNames) => readonly string[];
}

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

/** Every migration, each with the statement that notes it. */
export function allMigrations(migrations: readonly MigrationOn[], names: TableNames): readonly Migration[] {
  return migrations.map(({ name, statements }, index) => ({
    name,
    statements: [
      ...(index === 0
        ? [`CREATE TABLE IF NOT EXISTS ${names.version} (version integer NOT NULL PRIMARY KEY)`]
        : []),
      ...statements(names),
      `INSERT INTO ${names.version} (version) VALUES (${index + 1})`,
    ],
  }));
}

/** The statements that bring tables of a version to the one that is known. */
export function pendingMigrations(
  migrations: readonly MigrationOn[],
  names: TableNames,
  version: number,
): readonly string[] {
  return allMigrations(migrations, names)
    .slice(version)
    .flatMap(({ statements }) => statements);
}
