import type { Backend } from "../../backend/index.ts";
import type { CountingConnection } from "../sql/executor.ts";
import { checkVersion, pendingMigrations } from "../sql/schema-version.ts";
import type { TableNames } from "../sql/table-names.ts";
import { diagnose } from "./diagnose.ts";
import { toTaskError } from "./driver-errors.ts";
import { mysqlLeaseSource } from "./lease-source.ts";
import { mysqlMaintenance } from "./maintenance.ts";
import { migrate, readVersion } from "./migrate.ts";
import { MIGRATIONS } from "./migrations/index.ts";
import { StoreHandle } from "./opened-store.ts";
import { READ_TIME } from "./statements/maintenance.ts";
import { mysqlTaskInspector } from "./task-inspector.ts";
import { mysqlTaskStore } from "./task-store.ts";

/** What a backend on MariaDB or MySQL consists of. */
export type MysqlParts = Required<
  Pick<
    Backend,
    | "store"
    | "leases"
    | "maintenance"
    | "inspector"
    | "wakeups"
    | "readTime"
    | "schema"
    | "diagnose"
    | "open"
    | "close"
  >
>;

async function asTaskError<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toTaskError(error);
  }
}

/** Makes the facets on a connection. */
export function mysqlParts(
  connection: CountingConnection,
  names: TableNames,
  longestPollMs: number,
): MysqlParts {
  const handle = new StoreHandle(connection, names, longestPollMs);
  return {
    store: mysqlTaskStore(handle),
    leases: mysqlLeaseSource(handle),
    maintenance: mysqlMaintenance(handle),
    inspector: mysqlTaskInspector(handle),
    wakeups: handle.wakeups,
    schema: {
      pending: () =>
        asTaskError(async () => pendingMigrations(MIGRATIONS, names, await readVersion(connection, names))),
      migrate: () => asTaskError(() => migrate(connection, names)),
    },
    readTime: async () => {
      const [row] = await handle.rows(READ_TIME, []);
      return Number(row?.[0]);
    },
    diagnose: () => diagnose(handle),
    open: async () => {
      checkVersion(await asTaskError(() => readVersion(connection, names)), MIGRATIONS.length);
      handle.setOpen(true);
      handle.wakeups.open();
    },
    close: async () => {
      handle.wakeups.close();
      handle.setOpen(false);
    },
  };
}
