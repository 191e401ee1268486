import { resolve } from "node:path";
import type { Backend } from "../../backend/index.ts";
import { Connection } from "./connection.ts";
import { diagnose } from "./diagnose.ts";
import { toTaskError } from "./driver-errors.ts";
import { sqliteLeaseSource } from "./lease-source.ts";
import { sqliteMaintenance } from "./maintenance.ts";
import { checkVersion, migrate, readVersion } from "./migrate.ts";
import { MIGRATIONS } from "./migrations/index.ts";
import { StoreHandle } from "./opened-store.ts";
import { type ResolvedSqliteOptions, resolveSqliteOptions, type SqliteBackendOptions } from "./options.ts";
import { sqliteTaskInspector } from "./task-inspector.ts";
import { sqliteTaskStore } from "./task-store.ts";
import { SqliteWakeups } from "./wakeups.ts";
import { WriteQueue } from "./write-queue.ts";

async function openFile(
  options: ResolvedSqliteOptions,
): Promise<{ connection: Connection; writes: WriteQueue }> {
  let connection: Connection | undefined;
  try {
    connection = new Connection(options);
    const { db, file } = connection;
    const writes = new WriteQueue(connection, options.lockTimeoutMs);
    checkVersion(readVersion(db), file);
    await writes.exclusively(() => {
      db.exec("PRAGMA journal_mode = WAL");
    });
    db.exec(`PRAGMA synchronous = ${options.durability === "full" ? "FULL" : "NORMAL"}`);
    if (readVersion(db) < MIGRATIONS.length) await writes.write(() => migrate(db, file));
    return { connection, writes };
  } catch (error) {
    connection?.close();
    throw toTaskError(error, options.file);
  }
}

/** Keeps task results in one SQLite file that any number of processes on a machine share. */
export function sqliteBackend(options: SqliteBackendOptions): Backend {
  const given = resolveSqliteOptions(options);
  // A process that changes its working directory must not change files.
  const resolved = { ...given, file: resolve(given.file) };
  const wakeups = new SqliteWakeups(resolved.file, () =>
    handle.isOpen ? handle.opened.connection.dataVersion() : null,
  );
  const handle = new StoreHandle(resolved.file, wakeups);
  let opening: Promise<void> | null = null;
  return {
    kind: "sqlite",
    store: sqliteTaskStore(handle),
    leases: sqliteLeaseSource(handle),
    maintenance: sqliteMaintenance(handle),
    inspector: sqliteTaskInspector(handle),
    wakeups,
    diagnose: () => handle.read((connection) => diagnose(connection, resolved, wakeups.watchError)),
    open: () => {
      opening ??= openFile(resolved).then(
        (opened) => handle.set(opened),
        (error: unknown) => {
          opening = null;
          throw error;
        },
      );
      return opening;
    },
    close: async () => {
      await opening?.catch(() => undefined);
      opening = null;
      wakeups.close();
      if (!handle.isOpen) return;
      const { connection, writes } = handle.opened;
      await writes.close();
      handle.set(null);
      connection.close();
    },
  };
}
