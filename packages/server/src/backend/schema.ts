/** A step from one version of the tables to the next. */
export interface Migration {
  /** Its number and what it is about: `0001_tasks`. */
  readonly name: string;
  /** In order; the last one notes that it was run. */
  readonly statements: readonly string[];
}

/** The facet of backends whose tables are made by a command, not at open. */
export interface Schema {
  /** The statements that {@link migrate} would run, in order; none when the tables are those of this version. */
  pending(): Promise<readonly string[]>;
  /** Brings the tables to this version, under a lock, so that any number of processes may do it at once; gives what it ran. */
  migrate(): Promise<readonly string[]>;
  /** Every migration, whether or not the tables have had it, for tools that run them themselves. */
  written(): Promise<WrittenMigrations>;
}

/** Migrations as they are written for one database. */
export interface WrittenMigrations {
  /** The database, by the name that Prisma has for it. */
  readonly provider: "postgresql" | "mysql" | "sqlite";
  readonly migrations: readonly Migration[];
}
