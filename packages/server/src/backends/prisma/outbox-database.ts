import { TaskError } from "@taskwright/shared";
import type { Schema, WrittenMigrations } from "../../backend/index.ts";
import { isTransient as isTransientMysql, toTaskError as toMysqlError } from "../mysql/driver-errors.ts";
import { migrate as migrateMysql, readVersion as readMysqlVersion } from "../mysql/migrate.ts";
import {
  isTransient as isTransientPostgres,
  toTaskError as toPostgresError,
} from "../postgres/driver-errors.ts";
import { migrate as migratePostgres, readVersion as readPostgresVersion } from "../postgres/migrate.ts";
import type { CountingConnection } from "../sql/executor.ts";
import { allMigrations, checkVersion, pendingMigrations } from "../sql/schema-version.ts";
import { type TableNames, type TablePlace, tableNames } from "../sql/table-names.ts";
import { OUTBOX_MIGRATIONS } from "./outbox-migrations.ts";
import { OutboxStatements } from "./outbox-statements.ts";
import type { PrismaLike } from "./prisma-client.ts";
import { prismaConnection } from "./prisma-connection.ts";
import type { PrismaProvider } from "./provider.ts";
import { isLocked, toTaskError as toSqliteError } from "./sqlite-errors.ts";

/** What differs between the databases that an outbox can be in. */
interface Dialect {
  readonly provider: WrittenMigrations["provider"];
  /** For people. */
  readonly title: string;
  readonly quote: string;
  readonly place: (n: number) => string;
  readonly toTaskError: (error: unknown) => TaskError;
  /** Whether the statement was undone for a conflict with others, so that it can be run again. */
  readonly isTransient: (error: unknown) => boolean;
  readonly readVersion: (connection: CountingConnection, names: TableNames) => Promise<number>;
  readonly migrate: (connection: CountingConnection, names: TableNames) => Promise<readonly string[]>;
}

const questionMark = () => "?";

async function readSqliteVersion(connection: CountingConnection, { version }: TableNames): Promise<number> {
  const table = "SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table' AND name = ?";
  const [found] = await connection.rows({ name: "", text: table }, [version.slice(1, -1)]);
  if (Number(found?.[0]) === 0) return 0;
  const text = `SELECT max(version) AS version FROM ${version}`;
  const [row] = await connection.rows({ name: "", text }, []);
  return Number(row?.[0] ?? 0);
}

/** Without a lock: each statement can be run again, and two that note the same version note it once. */
async function migrateSqlite(connection: CountingConnection, names: TableNames): Promise<readonly string[]> {
  const version = await readSqliteVersion(connection, names);
  const statements = pendingMigrations(OUTBOX_MIGRATIONS.sqlite, names, version);
  for (const text of statements) {
    await connection.change({ name: "", text: text.replace(/^INSERT INTO/, "INSERT OR IGNORE INTO") }, []);
  }
  return statements;
}

const POSTGRES: Dialect = {
  provider: "postgresql",
  title: "PostgreSQL",
  quote: '"',
  place: (n) => `$${n}`,
  toTaskError: toPostgresError,
  isTransient: isTransientPostgres,
  readVersion: readPostgresVersion,
  migrate: (connection, names) => migratePostgres(connection, names, OUTBOX_MIGRATIONS.postgresql),
};

const MYSQL: Dialect = {
  provider: "mysql",
  title: "MariaDB or MySQL",
  quote: "`",
  place: questionMark,
  toTaskError: toMysqlError,
  isTransient: isTransientMysql,
  readVersion: readMysqlVersion,
  migrate: (connection, names) => migrateMysql(connection, names, OUTBOX_MIGRATIONS.mysql),
};

const SQLITE: Dialect = {
  provider: "sqlite",
  title: "SQLite",
  quote: '"',
  place: questionMark,
  toTaskError: toSqliteError,
  isTransient: isLocked,
  readVersion: readSqliteVersion,
  migrate: migrateSqlite,
};

const DIALECTS: Readonly<Record<PrismaProvider, Dialect>> = {
  postgresql: POSTGRES,
  mysql: MYSQL,
  mariadb: MYSQL,
  sqlite: SQLITE,
};

/** The database of an outbox, with its statements. */
export interface OutboxDatabase {
  readonly connection: CountingConnection;
  readonly dialect: Dialect;
  readonly names: TableNames;
  readonly statements: OutboxStatements;
  readonly schema: Schema;
  /** Throws BACKEND_INCOMPATIBLE unless the table is that of this version. */
  readonly checkVersion: () => Promise<void>;
}

/** Makes the database of an outbox that is known to be of a provider; throws INVALID_OPTION for a schema on SQLite. */
export function outboxDatabase(
  client: PrismaLike,
  place: TablePlace,
  provider: PrismaProvider,
): OutboxDatabase {
  const dialect = DIALECTS[provider];
  if (dialect === undefined) {
    throw new TaskError({
      code: "NOT_SUPPORTED",
      message: `prismaOutbox() writes to PostgreSQL, MariaDB, MySQL and SQLite, and this client leads to ${provider}.`,
      data: { provider },
    });
  }
  if (provider === "sqlite" && place.schema !== undefined) {
    throw new TaskError({
      code: "INVALID_OPTION",
      message:
        "SQLite has no schemas, so prismaOutbox() takes no schema there; tablePrefix tells tables apart.",
      data: { option: "schema" },
    });
  }
  const all = tableNames(place, dialect.quote);
  const names = { ...all, version: all.outboxVersion };
  const migrations = OUTBOX_MIGRATIONS[dialect.provider];
  const connection = prismaConnection(client);
  const told = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      return await run();
    } catch (error) {
      throw dialect.toTaskError(error);
    }
  };
  const version = () => told(() => dialect.readVersion(connection, names));
  return {
    connection,
    dialect,
    names,
    statements: new OutboxStatements(names.outbox, dialect.place),
    schema: {
      pending: async () => pendingMigrations(migrations, names, await version()),
      migrate: () => told(() => dialect.migrate(connection, names)),
      written: async () => ({ provider: dialect.provider, migrations: allMigrations(migrations, names) }),
    },
    checkVersion: async () => checkVersion(await version(), migrations.length),
  };
}
