import { statSync } from "node:fs";
import type { Finding } from "../../backend/index.ts";
import type { Connection } from "./connection.ts";
import { toTaskError } from "./driver-errors.ts";
import { readVersion } from "./migrate.ts";
import type { ResolvedSqliteOptions } from "./options.ts";

const LARGE_WAL_BYTES = 256 * 1024 * 1024;

function pragma(connection: Connection, name: string): string {
  const row = connection.db.prepare(`PRAGMA ${name}`).get() as Record<string, unknown> | undefined;
  return String(Object.values(row ?? {})[0] ?? "");
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** Examines an open database file; what cannot be examined is a finding too. */
export function diagnose(
  connection: Connection,
  options: ResolvedSqliteOptions,
  watchError: unknown,
): readonly Finding[] {
  try {
    connection.checkFile();
    connection.prepare("SELECT 1 FROM taskwright_task LIMIT 1").get();
    connection.prepare("SELECT 1 FROM taskwright_schedule LIMIT 1").get();
    return examine(connection, options, watchError);
  } catch (error) {
    return [{ level: "error", message: toTaskError(error, options.file).message }];
  }
}

function examine(
  connection: Connection,
  options: ResolvedSqliteOptions,
  watchError: unknown,
): readonly Finding[] {
  const { file, durability } = options;
  const walBytes = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  const journal = pragma(connection, "journal_mode");
  const check = pragma(connection, "quick_check(1)");
  return [
    {
      level: "ok",
      message: `${file}: ${megabytes(statSync(file).size)}, schema version ${readVersion(connection.db, options)}.`,
    },
    journal === "wal"
      ? { level: "ok", message: "Journal mode is WAL." }
      : {
          level: "error",
          message: `Journal mode is ${journal}, and must be WAL; is the file on a network disk?`,
        },
    durability === "full"
      ? { level: "ok", message: "No acknowledged task is lost in a power cut (synchronous=FULL)." }
      : {
          level: "warning",
          message:
            'durability is "process": the last acknowledged tasks may be lost in a power cut, never by the end of a process.',
        },
    walBytes > LARGE_WAL_BYTES
      ? {
          level: "warning",
          message: `The WAL has ${megabytes(walBytes)}: some process keeps a read open for long.`,
        }
      : { level: "ok", message: `The WAL has ${megabytes(walBytes)}.` },
    check === "ok"
      ? { level: "ok", message: "The file is sound (quick_check)." }
      : { level: "error", message: `The file is damaged: ${check.slice(0, 200)}` },
    watchError === null
      ? { level: "ok", message: "Other processes' writes are noticed at once." }
      : {
          level: "warning",
          message: "The folder cannot be watched, so other processes' writes are noticed within a second.",
        },
  ];
}
