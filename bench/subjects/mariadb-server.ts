import { randomBytes } from "node:crypto";
import mariadb, { type Connection, type PoolConfig } from "mariadb";

const SERVER_URL = process.env.TASKWRIGHT_TEST_MARIADB_URL ?? "mysql://root@127.0.0.1:3306";

const SETTINGS = [
  "innodb_flush_log_at_trx_commit",
  "innodb_doublewrite",
  "log_bin",
  "innodb_buffer_pool_size",
  "innodb_log_file_size",
];

let sent = 0;

/** How the driver is told of a store's database; what it sends there is counted. */
export function poolOptions(database?: string): PoolConfig {
  const { hostname, port, username, password } = new URL(SERVER_URL);
  return {
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username || "root"),
    password: decodeURIComponent(password),
    ...(database === undefined ? {} : { database }),
    logger: {
      query: (text) => {
        if (text.startsWith("QUERY") || text.startsWith("EXECUTE")) sent++;
      },
    },
  };
}

/** Opens a connection for a statement or two. */
export async function onServer<T>(
  run: (connection: Connection) => Promise<T>,
  database?: string,
): Promise<T> {
  const connection = await mariadb.createConnection(poolOptions(database));
  try {
    return await run(connection);
  } finally {
    await connection.end();
  }
}

/** Makes a database for one store; answers its name. */
export async function createDatabase(): Promise<string> {
  const name = `tw_bench_${randomBytes(6).toString("hex")}`;
  await onServer((connection) => connection.query(`CREATE DATABASE ${name}`));
  return name;
}

/** Drops a database and what is in it. */
export async function dropDatabase(name: string): Promise<void> {
  await onServer((connection) => connection.query(`DROP DATABASE IF EXISTS ${name}`));
}

/** The server's version and the settings that decide about speed, for people. */
export async function describeMariadb(): Promise<string> {
  return onServer(async (connection) => {
    const settings = SETTINGS.map((name) => `@@${name} AS ${name}`).join(", ");
    const [{ version, ...values }] = await connection.query(`SELECT version() AS version, ${settings}`);
    const texts = Object.entries(values).map(([name, value]) => `${name} ${value}`);
    return [`MariaDB ${version}`, ...texts].join(", ");
  });
}

/** Counts what this process sends through connections that were made with {@link poolOptions}. */
export function countStatements(): () => number {
  return () => sent;
}
