import { sqliteClient } from "./open-prisma-sqlite.ts";
import type { CallersDatabase, StoreContext } from "./store-fixture.ts";

/** An application's table beside the tasks, and a client of its own. */
export async function sqliteCallers(context: StoreContext): Promise<CallersDatabase> {
  const client = await sqliteClient(context);
  await client.$executeRawUnsafe("CREATE TABLE callers_line (line TEXT)");
  return {
    source: client,
    begin: (work) => client.$transaction((tx) => work(tx as never)),
    write: async (tx, line) => {
      await (tx as typeof client).$executeRawUnsafe("INSERT INTO callers_line VALUES (?)", line);
    },
    lines: async () => {
      const rows = await client.$queryRawUnsafe<{ line: string }[]>(
        "SELECT line FROM callers_line ORDER BY line",
      );
      return rows.map(({ line }) => line);
    },
    close: () => client.$disconnect(),
  };
}
