import { TaskError } from "@taskwright/shared";
import type { SqlExecutor } from "../sql/executor.ts";
import { statementOf } from "../sql/statement-of.ts";
import type { TableNames } from "../sql/table-names.ts";

/** What no two databases have alike: the start of the server, to the microsecond, the database and the table. */
function identity({ version }: TableNames) {
  return statementOf(
    "identity",
    `SELECT concat_ws(' ', extract(epoch FROM pg_postmaster_start_time()), current_database(), to_regclass('${version}')::oid) AS identity`,
  );
}

const LOOKS = 2;

/**
 * Checks that two connections lead to the same tables; throws INVALID_OPTION.
 *
 * What is enqueued through one would otherwise never be run through the other.
 */
export async function checkSameDatabase(
  names: TableNames,
  client: SqlExecutor,
  pool: SqlExecutor,
): Promise<void> {
  // Between two looks the server may have been restarted.
  for (let look = 1; look <= LOOKS; look++) {
    const answers = await Promise.all(
      [client, pool].map(async (executor) => (await executor.rows(identity(names), []))[0]?.[0]),
    );
    if (answers[0] === answers[1]) return;
  }
  throw new TaskError({
    code: "INVALID_OPTION",
    message:
      "prismaBackend(): the pool leads to another database than the client, or finds other tables there; give it the client's URL, and say schema where their search paths differ.",
    data: { option: "pool" },
  });
}
