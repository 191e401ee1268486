import { TaskError } from "@taskwright/shared";

/** What the names of tables and indexes begin with, unless it is said; statements are written with it. */
export const DEFAULT_PREFIX = "taskwright_";

const NAME = /^([A-Za-z_][A-Za-z0-9_]{0,39})?$/;

/** Throws INVALID_OPTION for a prefix that is no plain name, or one that SQLite keeps for itself. */
export function checkPrefix(prefix: unknown): asserts prefix is string {
  if (typeof prefix === "string" && NAME.test(prefix) && !/^sqlite_/i.test(prefix)) return;
  throw new TaskError({
    code: "INVALID_OPTION",
    message:
      'tablePrefix must be a name of at most 40 letters, digits and underscores that does not begin with a digit, nor with "sqlite_".',
    data: { option: "tablePrefix" },
  });
}

/** A statement on the tables of a prefix; what callers store is never part of its text. */
export function withPrefix(sql: string, prefix: string): string {
  return prefix === DEFAULT_PREFIX ? sql : sql.replaceAll(DEFAULT_PREFIX, prefix);
}
