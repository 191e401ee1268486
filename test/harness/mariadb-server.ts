import mariadb, { type Connection } from "mariadb";

/** How the driver is told of a server. */
function optionsOf(url: string): mariadb.ConnectionConfig {
  const { hostname, port, username, password, pathname } = new URL(url);
  const database = pathname.slice(1);
  return {
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username || "root"),
    password: decodeURIComponent(password),
    multipleStatements: true,
    ...(database === "" ? {} : { database }),
  };
}

/** A connection to the server that tests use, for a statement or two. */
export async function onMariadb<T>(url: string, run: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await mariadb.createConnection(optionsOf(url));
  try {
    return await run(connection);
  } finally {
    await connection.end();
  }
}
