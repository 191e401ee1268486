import type { Migration } from "../../../backend/index.ts";
import { tasks } from "./0001-tasks.ts";
import { schedules } from "./0002-schedules.ts";

/** Every migration in order; the version of a file is how many of them it has had. */
export const MIGRATIONS: readonly Migration[] = [
  { name: "0001_tasks", statements: tasks },
  { name: "0002_schedules", statements: schedules },
];
