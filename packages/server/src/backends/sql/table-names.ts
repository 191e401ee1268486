import { TaskError } from "@taskwright/shared";

/** Where the tables are, for every dialect. */
export interface TablePlace {
  /** Begins the name of every table. @default "taskwright_" */
  readonly tablePrefix?: string;
  /** The schema that holds the tables; without one, the connection's own. */
  readonly schema?: string;
}

/** The names of the tables, quoted for use in statements. */
export interface TableNames {
  readonly task: string;
  readonly due: string;
  readonly later: string;
  readonly running: string;
  readonly finished: string;
  readonly deduplication: string;
  readonly schedule: string;
  /** Only where an index cannot tell which queues and paths there are. */
  readonly lane: string;
  /** Only where a database can tell processes of changes. */
  readonly listener: string;
  readonly inputIndex: string;
  readonly inputPath: string;
  readonly inputLeaf: string;
  /** Only where nothing else tells which transactions are storing. */
  readonly inputGate: string;
  readonly version: string;
  /** What belongs to an outbox, which may be alone in its database. */
  readonly outbox: string;
  readonly outboxVersion: string;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,39}$/;

function checkName(name: unknown, option: string, isEmptyFine: boolean): string {
  if (typeof name === "string" && (NAME.test(name) || (isEmptyFine && name === ""))) return name;
  throw new TaskError({
    code: "INVALID_OPTION",
    message: `${option} must be a name of at most 40 letters, digits and underscores that does not begin with a digit.`,
    data: { option },
  });
}

/** Names the tables; throws INVALID_OPTION for a prefix or schema that is no plain name. */
export function tableNames({ tablePrefix = "taskwright_", schema }: TablePlace, quote: string): TableNames {
  const prefix = checkName(tablePrefix, "tablePrefix", true);
  const place = schema === undefined ? "" : `${quote}${checkName(schema, "schema", false)}${quote}.`;
  const name = (table: string) => `${place}${quote}${prefix}${table}${quote}`;
  return {
    task: name("task"),
    due: name("due"),
    later: name("later"),
    running: name("running"),
    finished: name("finished"),
    deduplication: name("deduplication"),
    schedule: name("schedule"),
    lane: name("lane"),
    listener: name("listener"),
    inputIndex: name("input_index"),
    inputPath: name("input_path"),
    inputLeaf: name("input_leaf"),
    inputGate: name("input_gate"),
    version: name("version"),
    outbox: name("outbox"),
    outboxVersion: name("outbox_version"),
  };
}
