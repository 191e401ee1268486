import type { Backend, Maintenance, TaskInspector, Transactions } from "../../backend/index.ts";
import type { CountingConnection, CountingExecutor } from "../sql/executor.ts";
import type { SqlScheduleStore } from "../sql/schedule-store.ts";
import { allMigrations, checkVersion, pendingMigrations } from "../sql/schema-version.ts";
import type { TableNames } from "../sql/table-names.ts";
import type { TransactionDriver } from "../sql/transaction-driver.ts";
import { diagnose } from "./diagnose.ts";
import { toTaskError } from "./driver-errors.ts";
import { mysqlLeaseSource } from "./lease-source.ts";
import { mysqlMaintenance } from "./maintenance.ts";
import { migrate, readVersion } from "./migrate.ts";
import { MIGRATIONS } from "./migrations/index.ts";
import { StoreHandle } from "./opened-store.ts";
import { mysqlScheduleStore } from "./schedule-store.ts";
import { READ_TIME } from "./statements/maintenance.ts";
import { mysqlTaskInspector } from "./task-inspector.ts";
import { mysqlTaskStore } from "./task-store.ts";
import { mysqlTransactions } from "./transactions.ts";

/** What a backend on MariaDB or MySQL consists of. */
export type MysqlParts<TTransaction> = Required<
  Pick<
    Backend<TTransaction>,
    "store" | "leases" | "wakeups" | "readTime" | "schema" | "diagnose" | "open" | "close"
  >
> & {
  readonly maintenance: Maintenance & Required<Pick<Maintenance, "indexInputs">>;
  readonly inspector: Required<TaskInspector>;
  readonly schedules: SqlScheduleStore;
  readonly transactions: Required<Transactions<TTransaction>>;
};

async function asTaskError<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toTaskError(error);
  }
}

/** Makes the facets on a connection. */
export function mysqlParts<TTransaction>(
  connection: CountingConnection,
  parts: {
    readonly names: TableNames;
    readonly transactions: TransactionDriver<TTransaction, CountingExecutor>;
    /** How seldom watchers look when nothing has come of it for a while. */
    readonly longestPollMs: number;
  },
): MysqlParts<TTransaction> {
  const { names, transactions, longestPollMs } = parts;
  const handle = new StoreHandle(connection, names, longestPollMs);
  return {
    store: mysqlTaskStore(handle),
    leases: mysqlLeaseSource(handle),
    maintenance: mysqlMaintenance(handle),
    inspector: mysqlTaskInspector(handle),
    wakeups: handle.wakeups,
    schedules: mysqlScheduleStore(handle),
    transactions: mysqlTransactions(handle, transactions),
    schema: {
      pending: () =>
        asTaskError(async () => pendingMigrations(MIGRATIONS, names, await readVersion(connection, names))),
      migrate: () => asTaskError(() => migrate(connection, names)),
      written: async () => ({ provider: "mysql", migrations: allMigrations(MIGRATIONS, names) }),
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
