import { type Duration, didYouMean, durationToMs, TaskError } from "@taskwright/shared";
import type { Outbox } from "../../backend/index.ts";
import { DEFAULT_PREFIX } from "./table-prefix.ts";

/** What `sqliteBackend` takes. */
export interface SqliteBackendOptions {
  /** The database file; made when it is not there, in a folder that is. */
  readonly file: string;
  /**
   * What an acknowledged task survives: `"full"` a power cut (synchronous=FULL), `"process"` the end of the process but
   * not always a power cut (synchronous=NORMAL).
   * @default "full"
   */
  readonly durability?: "full" | "process";
  /** How long an operation waits for its turn to write beside other processes. @default "30s" */
  readonly lockTimeout?: Duration;
  /** Where transactions of your database leave tasks: `prismaOutbox(prisma)`. */
  readonly outbox?: Outbox;
}

/** {@link SqliteBackendOptions}, checked and complete. */
export interface ResolvedSqliteOptions {
  readonly file: string;
  readonly durability: "full" | "process";
  readonly lockTimeoutMs: number;
  /** Begins the names of tables and indexes. */
  readonly prefix: string;
  /** Whether the file is another application's too: then tables are made by a command, and others are left alone. */
  readonly isShared: boolean;
}

const NAMES = ["file", "durability", "lockTimeout", "outbox"];

function invalid(message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message });
}

function kind(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return value.trim() === "" ? "an empty string" : "this string";
  return value === undefined ? "undefined" : `a value of type ${typeof value}`;
}

/** Checks the options; throws INVALID_OPTION. */
export function resolveSqliteOptions(options: SqliteBackendOptions): ResolvedSqliteOptions {
  if (typeof options !== "object" || options === null) {
    throw invalid(
      `sqliteBackend() needs its options as an object, such as { file: "taskwright.db" }, not ${kind(options)}.`,
    );
  }
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name)) {
      throw invalid(`sqliteBackend() has no option "${name.slice(0, 60)}".${didYouMean(name, NAMES)}`);
    }
  }
  const { file, durability = "full", lockTimeout = "30s" } = options;
  if (typeof file !== "string" || file.trim() === "" || file.includes("\0")) {
    throw invalid(
      `sqliteBackend() needs file: the path of the database, such as "taskwright.db", not ${kind(file)}.`,
    );
  }
  if (file === ":memory:") {
    throw invalid(
      "sqliteBackend() keeps tasks in a file. For tasks in memory use memoryBackend() of @taskwright/server/memory.",
    );
  }
  if (/^file:/i.test(file)) {
    throw invalid(
      "sqliteBackend() takes file as a path, not as a URL. Give what fileURLToPath() of node:url makes of it.",
    );
  }
  if (durability !== "full" && durability !== "process") {
    throw invalid(`durability must be "full" or "process", not ${kind(durability)}.`);
  }
  return {
    file,
    durability,
    lockTimeoutMs: durationToMs(lockTimeout, "lockTimeout"),
    prefix: DEFAULT_PREFIX,
    isShared: false,
  };
}
