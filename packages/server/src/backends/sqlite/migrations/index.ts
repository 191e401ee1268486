import { tasks } from "./0001-tasks.ts";

/** Every migration in order; the version of a file is how many of them it has had. */
export const MIGRATIONS: readonly (readonly string[])[] = [tasks];
