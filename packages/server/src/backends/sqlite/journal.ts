import type { DatabaseSync } from "node:sqlite";
import { TaskError } from "@taskwright/shared";
import type { ResolvedSqliteOptions } from "./options.ts";

/** What a WAL that a long read has made large is cut back to when it begins anew. */
const WAL_KEPT_BYTES = 64 * 1024 * 1024;

/** Makes a file one that readers and a writer use at once; throws BACKEND_INCOMPATIBLE where its disk cannot do that. */
export function useWal(db: DatabaseSync, file: string): void {
  const { journal_mode: mode } = db.prepare("PRAGMA journal_mode = WAL").get() as { journal_mode: string };
  if (mode === "wal") return;
  throw new TaskError({
    code: "BACKEND_INCOMPATIBLE",
    message: `The database ${file} must have journal mode WAL, and stays in "${mode}": its disk offers no memory that processes share, as network disks do not. Move the file to a local disk.`,
  });
}

/** Sets what holds for this connection only. */
export function setDurability(db: DatabaseSync, durability: ResolvedSqliteOptions["durability"]): void {
  db.exec(`PRAGMA synchronous = ${durability === "full" ? "FULL" : "NORMAL"}`);
  db.exec(`PRAGMA journal_size_limit = ${WAL_KEPT_BYTES}`);
}
