import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { generateClient, type TestPrismaClient } from "../harness/prisma/generated-client.ts";
import { exerciseBackend } from "./exercise-backend.ts";
import { openStore, prismaSqliteStore, sqliteClient } from "./open-prisma-sqlite.ts";
import { sqliteFile } from "./open-sqlite.ts";
import { sqliteCallers } from "./prisma-sqlite-callers.ts";
import { massesShownBy } from "./shown-elsewhere.ts";
import type { StoreContext } from "./store-fixture.ts";

await generateClient("sqlite");

/** Through a client: a connection of another copy of SQLite in this process would end the locks of the clients'. */
async function withClient<T>(
  context: StoreContext,
  run: (client: TestPrismaClient, tables: readonly string[]) => Promise<T>,
): Promise<T> {
  const client = await sqliteClient(context);
  try {
    const rows = await client.$queryRawUnsafe<readonly { readonly name: string }[]>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'taskwright_%'",
    );
    return await run(
      client,
      rows.map(({ name }) => name),
    );
  } finally {
    await client.$disconnect();
  }
}

/** A file with the tables, made by the backend itself once: each case has a copy of it. */
const migrated = await (async () => {
  const context = { namespace: "migrated", directory: mkdtempSync(join(tmpdir(), "taskwright-tests-")) };
  afterAll(() => rmSync(context.directory, { recursive: true, force: true }));
  const backend = await prismaSqliteStore(context);
  await backend.schema?.migrate();
  await backend.close();
  return sqliteFile(context);
})();

exerciseBackend({
  name: "prisma (SQLite)",
  open: async (context) => {
    copyFileSync(migrated, sqliteFile(context));
    return openStore(context);
  },
  processes: { opener: new URL("./open-prisma-sqlite.ts", import.meta.url).href },
  // No column may be null that a task always has; core never lets such a task through.
  unstorable: { spoil: (task) => ({ ...task, codec: null as unknown as string }) },
  breakage: {
    inflict: (context) =>
      withClient(context, async (client, tables) => {
        for (const name of tables) await client.$executeRawUnsafe(`DROP TABLE "${name}"`);
      }),
  },
  footprint: {
    measure: (context) =>
      withClient(context, async (client, tables) => {
        let sum = 0;
        for (const name of tables) {
          const [row] = await client.$queryRawUnsafe<readonly { readonly n: bigint }[]>(
            `SELECT count(*) AS n FROM "${name}"`,
          );
          sum += Number(row?.n);
        }
        return sum;
      }),
  },
  callers: { open: sqliteCallers },
  skips: [
    ...massesShownBy("sqlite"),
    {
      case: "no worker sees what a transaction has enqueued before it commits, and an idle one runs it at once afterwards",
      reason:
        "SQLite has one writer: nothing else is stored while the transaction is open; what is seen of it, and when, is shown in sqlite-transactions.test.ts",
    },
  ],
});
