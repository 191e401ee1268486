import type { CountingConnection, CountingExecutor, SqlRow, SqlValue, Statement } from "../sql/executor.ts";
import type { PrismaLike, RawRunner } from "./prisma-client.ts";

/** As long as a transaction may wait for its turn and take; Prisma's own limits are a few seconds. */
const PATIENCE_MS = 70_000;
const LONG_PATIENCE_MS = 10 * 60_000;

/** Runs statements on whatever runs raw SQL for Prisma. */
export function runnerExecutor(runner: RawRunner): CountingExecutor {
  return {
    rows: async ({ text }: Statement, values: readonly SqlValue[]) => {
      const rows = await runner.$queryRawUnsafe<readonly object[]>(text, ...values);
      // Columns come by name, in the order of the statement.
      return rows.map((row) => Object.values(row) as SqlRow);
    },
    change: async ({ text }, values) => runner.$executeRawUnsafe(text, ...values),
  };
}

/** Runs statements through a Prisma client. */
export function prismaConnection(client: PrismaLike): CountingConnection {
  return {
    ...runnerExecutor(client),
    transaction: <T>(work: (executor: CountingExecutor) => Promise<T>, isLong = true) => {
      const patience = isLong ? LONG_PATIENCE_MS : PATIENCE_MS;
      return client.$transaction((tx: RawRunner) => work(runnerExecutor(tx)), {
        maxWait: patience,
        timeout: patience,
        isolationLevel: "ReadCommitted",
      });
    },
  };
}
