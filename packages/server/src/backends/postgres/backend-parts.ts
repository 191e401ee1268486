import type { Backend, Maintenance, TaskInspector, Transactions } from "../../backend/index.ts";
import type { SqlConnection } from "../sql/executor.ts";
import type { SqlScheduleStore } from "../sql/schedule-store.ts";
import { allMigrations, checkVersion, pendingMigrations } from "../sql/schema-version.ts";
import { statementOf } from "../sql/statement-of.ts";
import type { TableNames } from "../sql/table-names.ts";
import type { TransactionDriver } from "../sql/transaction-driver.ts";
import { asTaskError } from "./driver-errors.ts";
import { postgresLeaseSource } from "./lease-source.ts";
import { postgresMaintenance } from "./maintenance.ts";
import { migrate, readVersion } from "./migrate.ts";
import { MIGRATIONS } from "./migrations/index.ts";
import { StoreHandle } from "./opened-store.ts";
import type { PgPool } from "./pool-connection.ts";
import { postgresScheduleStore } from "./schedule-store.ts";
import { postgresTaskInspector } from "./task-inspector.ts";
import { postgresTaskStore } from "./task-store.ts";
import { postgresTransactions } from "./transactions.ts";

const READ_TIME = statementOf("time", "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint");

/** What a backend on PostgreSQL consists of, whatever runs its statements. */
export type PostgresParts<TTransaction> = Required<
  Pick<Backend<TTransaction>, "store" | "leases" | "wakeups" | "readTime" | "schema">
> & {
  readonly maintenance: Maintenance & Required<Pick<Maintenance, "indexInputs">>;
  readonly inspector: Required<TaskInspector>;
  readonly schedules: SqlScheduleStore;
  readonly transactions: Required<Transactions<TTransaction>>;
  readonly handle: StoreHandle;
  readonly open: () => Promise<void>;
};

/** Makes the facets on a connection. */
export function postgresParts<TTransaction>(
  connection: SqlConnection,
  parts: {
    readonly names: TableNames;
    /** Where a connection may be had that listens; null where there is none. */
    readonly pool: (() => Promise<PgPool>) | null;
    readonly transactions: TransactionDriver<TTransaction>;
    /** How seldom watchers look where none listens. */
    readonly longestPollMs: number;
  },
): PostgresParts<TTransaction> {
  const { names, pool, transactions, longestPollMs } = parts;
  const handle = new StoreHandle(connection, names, pool, longestPollMs);
  return {
    handle,
    store: postgresTaskStore(handle),
    leases: postgresLeaseSource(handle),
    maintenance: postgresMaintenance(handle),
    inspector: postgresTaskInspector(handle),
    wakeups: handle.wakeups,
    schedules: postgresScheduleStore(handle),
    transactions: postgresTransactions(handle, transactions),
    schema: {
      pending: () =>
        asTaskError(async () => pendingMigrations(MIGRATIONS, names, await readVersion(connection, names))),
      migrate: () => asTaskError(() => migrate(connection, names)),
      written: async () => ({ provider: "postgresql", migrations: allMigrations(MIGRATIONS, names) }),
    },
    readTime: async () => {
      const [row] = await handle.rows(READ_TIME, []);
      return Number(row?.[0]);
    },
    open: async () => {
      checkVersion(await asTaskError(() => readVersion(connection, names)), MIGRATIONS.length);
      handle.setOpen(true);
      handle.wakeups.open();
    },
  };
}
