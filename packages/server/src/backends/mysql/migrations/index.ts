import type { MigrationOn } from "../../sql/schema-version.ts";
import { tasks } from "./0001-tasks.ts";
import { schedules } from "./0002-schedules.ts";

/** All steps, oldest first; one that has been released never changes. */
export const MIGRATIONS: readonly MigrationOn[] = [
  { name: "0001_tasks", statements: tasks },
  { name: "0002_schedules", statements: schedules },
];
