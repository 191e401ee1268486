import type { TableNames } from "../../sql/table-names.ts";
import { tasks } from "./0001-tasks.ts";

/** A step from one schema version to the next, as statements. */
export interface MigrationOn {
  readonly name: string;
  readonly statements: (names: TableNames) => readonly string[];
}

/** All steps, oldest first; one that has been released never changes. */
export const MIGRATIONS: readonly MigrationOn[] = [{ name: "0001_tasks", statements: tasks }];
