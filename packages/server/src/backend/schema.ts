/** The facet of backends whose tables are made by a command, not at open. */
export interface Schema {
  /** The statements that {@link migrate} would run, in order; none when the tables are those of this version. */
  pending(): Promise<readonly string[]>;
  /** Brings the tables to this version, under a lock, so that any number of processes may do it at once; gives what it ran. */
  migrate(): Promise<readonly string[]>;
}
