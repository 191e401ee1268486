import { basename } from "node:path";
import type { Backend, Schema } from "../../backend/index.ts";
import { withOutbox } from "../outboxes/with-outbox.ts";
import { Connection } from "./connection.ts";
import { diagnose } from "./diagnose.ts";
import { toTaskError } from "./driver-errors.ts";
import { setDurability, useWal } from "./journal.ts";
import { sqliteLeaseSource } from "./lease-source.ts";
import { sqliteMaintenance } from "./maintenance.ts";
import { allMigrations, checkVersion, migrate, pendingMigrations, readVersion } from "./migrate.ts";
import { MIGRATIONS } from "./migrations/index.ts";
import { type OpenedStore, StoreHandle } from "./opened-store.ts";
import { type ResolvedSqliteOptions, resolveSqliteOptions, type SqliteBackendOptions } from "./options.ts";
import { checkPath, realFile } from "./path-check.ts";
import { sqliteScheduleStore } from "./schedule-store.ts";
import { sqliteTaskInspector } from "./task-inspector.ts";
import { sqliteTaskStore } from "./task-store.ts";
import { SqliteWakeups } from "./wakeups.ts";
import { WriteQueue } from "./write-queue.ts";

/** Runs something on a connection of its own, beside whatever has the file open. */
async function withFile<T>(
  options: ResolvedSqliteOptions,
  run: (connection: Connection, writes: WriteQueue) => Promise<T>,
): Promise<T> {
  const { file, prefix, lockTimeoutMs } = options;
  checkPath(file);
  let connection: Connection | undefined;
  try {
    connection = new Connection(file, prefix);
    return await run(connection, new WriteQueue(connection, lockTimeoutMs));
  } catch (error) {
    throw toTaskError(error, file);
  } finally {
    connection?.close();
  }
}

async function openFile(options: ResolvedSqliteOptions): Promise<OpenedStore> {
  const { file, prefix, isShared, durability, lockTimeoutMs } = options;
  checkPath(file);
  let connection: Connection | undefined;
  try {
    connection = new Connection(file, prefix);
    const { db } = connection;
    const writes = new WriteQueue(connection, lockTimeoutMs);
    // Another process may be opening, closing or repairing the file, all of which lock it for a moment.
    const found = await writes.patiently(() => readVersion(db, options));
    if (isShared) checkVersion(found, file);
    await writes.patiently(() => useWal(db, file));
    setDurability(db, durability);
    const version = await writes.patiently(() => readVersion(db, options));
    if (version < MIGRATIONS.length) await writes.write(() => migrate(db, options));
    connection.keepWal();
    return { connection, writes };
  } catch (error) {
    connection?.close();
    throw toTaskError(error, file);
  }
}

/** The schema facet of a shared file. */
function schemaOf(options: ResolvedSqliteOptions): Schema {
  return {
    pending: () =>
      withFile(options, async ({ db }, writes) =>
        pendingMigrations(await writes.patiently(() => readVersion(db, options)), options.prefix),
      ),
    migrate: () => withFile(options, ({ db }, writes) => writes.write(() => migrate(db, options))),
    written: async () => ({ provider: "sqlite", migrations: allMigrations(options.prefix) }),
  };
}

/** Opens and closes a file in the order of the calls, each at most once at a time. */
class OpenAndShut {
  readonly #handle: StoreHandle;
  readonly #options: ResolvedSqliteOptions;
  #opening: Promise<void> | null = null;
  #closing: Promise<void> = Promise.resolve();

  constructor(handle: StoreHandle, options: ResolvedSqliteOptions) {
    this.#handle = handle;
    this.#options = options;
  }

  open(): Promise<void> {
    if (this.#opening !== null) return this.#opening;
    const opening = this.#closing
      .then(() => openFile(this.#options))
      .then(
        (opened) => this.#handle.set(opened),
        (error: unknown) => {
          if (this.#opening === opening) this.#opening = null;
          throw error;
        },
      );
    this.#opening = opening;
    return opening;
  }

  close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = null;
    if (opening !== null) {
      // Who opened is told of a failure to open; here it only means that there is nothing to close.
      this.#closing = opening.then(
        () => this.#shut(),
        () => undefined,
      );
    }
    return this.#closing;
  }

  async #shut(): Promise<void> {
    const { connection, writes } = this.#handle.opened;
    await writes.close();
    this.#handle.set(null);
    connection.close();
  }
}

/** Makes a backend of options that are checked, with the real path of the file. */
export function sqliteOn(options: ResolvedSqliteOptions): Backend {
  const { file, lockTimeoutMs } = options;
  const wakeups = new SqliteWakeups(file, () => handle.dataVersion());
  const handle = new StoreHandle(file, wakeups);
  const openAndShut = new OpenAndShut(handle, options);
  return {
    kind: "sqlite",
    store: sqliteTaskStore(handle),
    leases: sqliteLeaseSource(handle),
    maintenance: sqliteMaintenance(handle),
    inspector: sqliteTaskInspector(handle),
    wakeups,
    schedules: sqliteScheduleStore(handle),
    ...(options.isShared ? { schema: schemaOf(options) } : {}),
    longestWaitMs: lockTimeoutMs,
    diagnose: async () => diagnose(handle.opened.connection, options, wakeups.watchError),
    open: () => openAndShut.open(),
    close: () => {
      wakeups.close();
      return openAndShut.close();
    },
  };
}

/** Keeps task results in one SQLite file that any number of processes on a machine share. */
export function sqliteBackend(options: SqliteBackendOptions): Backend {
  const resolved = resolveSqliteOptions(options);
  // A process that changes its working directory must not change files.
  const file = realFile(resolved.file);
  return withOutbox(sqliteOn({ ...resolved, file }), `sqlite:${basename(file)}`, options.outbox);
}
