import type { SqlConnection, SqlExecutor } from "../sql/executor.ts";
import { type MigrationOn, pendingMigrations } from "../sql/schema-version.ts";
import { statementOf } from "../sql/statement-of.ts";
import type { TableNames } from "../sql/table-names.ts";
import { MIGRATIONS } from "./migrations/index.ts";

/** Reads how many migrations the tables have had; 0 when there are none. */
export async function readVersion(executor: SqlExecutor, names: TableNames): Promise<number> {
  const [found] = await executor.rows(statementOf("has_version", "SELECT to_regclass($1)::text"), [
    names.version,
  ]);
  if (found?.[0] === null || found === undefined) return 0;
  const [row] = await executor.rows(statementOf("version", `SELECT max(version) FROM ${names.version}`), []);
  return Number(row?.[0] ?? 0);
}

/** Applies what is missing, in one transaction and under a lock, so that any number of processes may do it at once. */
export async function migrate(
  connection: SqlConnection,
  names: TableNames,
  migrations: readonly MigrationOn[] = MIGRATIONS,
): Promise<readonly string[]> {
  return connection.transaction(async (executor) => {
    // It may wait for other processes, and large tables take their time, whatever the user's statements may take.
    for (const setting of ["statement_timeout", "lock_timeout"])
      await executor.rows({ name: "", text: `SET LOCAL ${setting} = 0` }, []);
    const lock = statementOf("lock", "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))::text");
    await executor.rows(lock, [`taskwright migrate ${names.version}`]);
    const statements = pendingMigrations(migrations, names, await readVersion(executor, names));
    for (const text of statements) await executor.rows({ name: "", text }, []);
    return statements;
  });
}
