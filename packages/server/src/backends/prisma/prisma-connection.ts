import type { SqlConnection, SqlExecutor, SqlRow, SqlValue, Statement } from "../sql/executor.ts";
import type { PrismaLike, RawRunner } from "./prisma-client.ts";

/** As long as a migration may wait for its turn and take; Prisma's own limits are a few seconds. */
const LONGEST_TRANSACTION_MS = 10 * 60_000;

async function run(
  runner: RawRunner,
  { text }: Statement,
  values: readonly SqlValue[],
): Promise<readonly SqlRow[]> {
  const rows = await runner.$queryRawUnsafe<readonly object[]>(text, ...values);
  // Columns come by name, in the order of the statement.
  return rows.map((row) => Object.values(row) as SqlRow);
}

/** Runs statements on whatever runs raw SQL for Prisma. */
export function runnerExecutor(runner: RawRunner): SqlExecutor {
  return { rows: (statement, values) => run(runner, statement, values) };
}

/** Runs statements through a Prisma client. */
export function prismaConnection(client: PrismaLike): SqlConnection {
  return {
    ...runnerExecutor(client),
    transaction: <T>(work: (executor: SqlExecutor) => Promise<T>) =>
      client.$transaction((tx: RawRunner) => work(runnerExecutor(tx)), {
        maxWait: LONGEST_TRANSACTION_MS,
        timeout: LONGEST_TRANSACTION_MS,
      }),
  };
}
