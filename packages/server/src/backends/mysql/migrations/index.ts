import type { MigrationOn } from "../../sql/schema-version.ts";
import { tasks } from "./0001-tasks.ts";

/** All steps, oldest first; one that has been released never changes. */
export const MIGRATIONS: readonly MigrationOn[] = [{ name: "0001_tasks", statements: tasks }];
