import { join } from "node:path";
import { sqliteBackend } from "@taskwright/server/sqlite";
import { taskwright } from "./taskwright.ts";

/** Taskwright on its SQLite backend with the default durability: synchronous=FULL. */
export const taskwrightSqlite = taskwright({
  name: "taskwright",
  isShared: true,
  createStore: async (folder) => join(folder, "bench.db"),
  backend: (file) => sqliteBackend({ file }),
});
