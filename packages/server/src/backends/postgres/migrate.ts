import { TaskError } from "@taskwright/shared";
import type { Migration } from "../../backend/index.ts";
import type { SqlConnection, SqlExecutor } from "../sql/executor.ts";
import type { TableNames } from "../sql/table-names.ts";
import { MIGRATIONS } from "./migrations/index.ts";
import { statementOf } from "./statements/statement-of.ts";

/** Reads how many migrations the tables have had; 0 when there are none. */
export async function readVersion(executor: SqlExecutor, names: TableNames): Promise<number> {
  const [found] = await executor.rows(statementOf("has_version", "SELECT to_regclass($1)::text"), [
    names.version,
  ]);
  if (found?.[0] === null || found === undefined) return 0;
  const [row] = await executor.rows(statementOf("version", `SELECT max(version) FROM ${names.version}`), []);
  return Number(row?.[0] ?? 0);
}

/** Throws BACKEND_INCOMPATIBLE unless the tables are those of this version. */
export function checkVersion(version: number): void {
  const known = MIGRATIONS.length;
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
export function allMigrations(names: TableNames): readonly Migration[] {
  return MIGRATIONS.map(({ name, statements }, index) => ({
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

/** The statements that bring tables of a version to this one's. */
export function pendingMigrations(names: TableNames, version: number): readonly string[] {
  return allMigrations(names)
    .slice(version)
    .flatMap(({ statements }) => statements);
}

/** Applies what is missing, in one transaction and under a lock, so that any number of processes may do it at once. */
export async function migrate(connection: SqlConnection, names: TableNames): Promise<readonly string[]> {
  return connection.transaction(async (executor) => {
    // It may wait for other processes, and large tables take their time, whatever the user's statements may take.
    for (const setting of ["statement_timeout", "lock_timeout"])
      await executor.rows({ name: "", text: `SET LOCAL ${setting} = 0` }, []);
    const lock = statementOf("lock", "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))::text");
    await executor.rows(lock, [`taskwright migrate ${names.version}`]);
    const statements = pendingMigrations(names, await readVersion(executor, names));
    for (const text of statements) await executor.rows({ name: "", text }, []);
    return statements;
  });
}
