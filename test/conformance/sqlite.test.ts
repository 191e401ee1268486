import { DatabaseSync } from "node:sqlite";
import { exerciseBackend } from "./exercise-backend.ts";
import { openStore, sqliteFile } from "./open-sqlite.ts";
import type { StoreContext } from "./store-fixture.ts";

function tablesOf(database: DatabaseSync): string[] {
  const rows = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return rows.map(({ name }) => String(name)).filter((name) => !name.startsWith("sqlite_"));
}

function withDatabase<T>(context: StoreContext, run: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(sqliteFile(context));
  try {
    return run(database);
  } finally {
    database.close();
  }
}

function countRows(database: DatabaseSync): number {
  const counts = tablesOf(database).map(
    (name) => database.prepare(`SELECT count(*) AS n FROM "${name}"`).get()?.n,
  );
  return counts.reduce((sum: number, count) => sum + Number(count), 0);
}

exerciseBackend({
  name: "sqlite",
  open: openStore,
  processes: { opener: new URL("./open-sqlite.ts", import.meta.url).href },
  // No column may be null that a task always has; core never lets such a task through.
  unstorable: { spoil: (task) => ({ ...task, codec: null as unknown as string }) },
  breakage: {
    inflict: async (context) =>
      withDatabase(context, (database) => {
        for (const name of tablesOf(database)) database.exec(`DROP TABLE "${name}"`);
      }),
  },
  footprint: { measure: async (context) => withDatabase(context, countRows) },
  callers: {
    none: "has a connection to its file that no caller's transaction is on; prismaBackend on SQLite has",
  },
  skips: [],
});
