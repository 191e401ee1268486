import { createHash } from "node:crypto";
import { TaskError } from "@taskwright/shared";
import type { CountingConnection, SqlExecutor } from "../sql/executor.ts";
import { type MigrationOn, pendingMigrations } from "../sql/schema-version.ts";
import { statementOf } from "../sql/statement-of.ts";
import type { TableNames } from "../sql/table-names.ts";
import { isMissingTable } from "./driver-errors.ts";
import { MIGRATIONS } from "./migrations/index.ts";

const LONGEST_WAIT_S = 540;

/** Reads how many migrations the tables have had; 0 when there are none. */
export async function readVersion(executor: SqlExecutor, { version }: TableNames): Promise<number> {
  try {
    const [row] = await executor.rows(
      statementOf("version", `SELECT max(version) AS version FROM ${version}`),
      [],
    );
    return Number(row?.[0] ?? 0);
  } catch (error) {
    if (isMissingTable(error)) return 0;
    throw error;
  }
}

/**
 * Applies what is missing under a lock of the server, so that any number of processes may do it at once.
 *
 * Statements that make tables commit at once; each can be repeated, and the version is noted last.
 */
export async function migrate(
  connection: CountingConnection,
  names: TableNames,
  migrations: readonly MigrationOn[] = MIGRATIONS,
): Promise<readonly string[]> {
  const plain = (text: string) => ({ name: "", text });
  // The transaction is there to stay on one connection, which the lock belongs to.
  return connection.transaction(async (executor) => {
    const hash = createHash("sha256").update(names.version).digest("hex").slice(0, 32);
    // Databases of one server share the names of locks.
    const lock = `concat('taskwright_', '${hash}', left(sha1(coalesce(database(), '')), 16))`;
    const [row] = await executor.rows(plain(`SELECT get_lock(${lock}, ${LONGEST_WAIT_S}) AS is_mine`), []);
    if (Number(row?.[0]) !== 1) {
      throw new TaskError({
        code: "BACKEND_UNAVAILABLE",
        message:
          "Another process has been migrating the same tables for minutes; nothing was done. Try again.",
      });
    }
    try {
      const statements = pendingMigrations(migrations, names, await readVersion(executor, names));
      for (const text of statements) await executor.change(plain(text), []);
      return statements;
    } finally {
      await executor.rows(plain(`SELECT release_lock(${lock}) AS is_free`), []).catch(() => undefined);
    }
  });
}
