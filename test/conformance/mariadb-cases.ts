import { onMariadb } from "../harness/mariadb-server.ts";
import { type FoundService, findService, type MissingService } from "../harness/services.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import type { BackendExercise } from "./exercise.ts";
import { databaseOf, MARIADB_URL_VARIABLE, mariadbStore, mariadbUrl } from "./open-mariadb.ts";

/** The ways of the cases to the server, by namespace. */
const proxies = new Map<string, TcpProxy>();

/** What grows with task results; `lane` and `input_path` grow with the names of queues and paths. */
const TABLES = ["task", "due", "later", "running", "finished", "deduplication", "input_leaf", "version"];

/** Looks for a server, and tells the processes that cases start where it is. */
export async function findMariadb(): Promise<FoundService | MissingService> {
  const service = await findService("mariadb");
  if (service.found) process.env[MARIADB_URL_VARIABLE] = service.location;
  return service;
}

/** What cases on MariaDB need: a database of their own, and a way there that can be cut. */
export const MARIADB_EXERCISE: Pick<
  BackendExercise,
  "open" | "remove" | "unstorable" | "breakage" | "footprint"
> = {
  open: async (context) => {
    await onMariadb(mariadbUrl(), (server) => server.query(`CREATE DATABASE \`${databaseOf(context)}\``));
    const url = new URL(mariadbUrl());
    const proxy = await TcpProxy.open({ host: url.hostname, port: Number(url.port || 3306) });
    proxies.set(context.namespace, proxy);
    url.port = String(proxy.port);
    const backend = await mariadbStore(context, url.href);
    await backend.schema?.migrate();
    await backend.open();
    return backend;
  },
  remove: async (context) => {
    proxies.get(context.namespace)?.cut();
    proxies.delete(context.namespace);
    await onMariadb(mariadbUrl(), (server) =>
      server.query(`DROP DATABASE IF EXISTS \`${databaseOf(context)}\``),
    );
  },
  // No column may be null that a task always has; core never lets such a task through.
  unstorable: { spoil: (task) => ({ ...task, codec: null as unknown as string }) },
  breakage: { inflict: async ({ namespace }) => proxies.get(namespace)?.cut() },
  footprint: {
    measure: async (context) => {
      const counts = TABLES.map(
        (table) => `SELECT count(*) AS n FROM \`${databaseOf(context)}\`.taskwright_${table}`,
      );
      const rows = await onMariadb(mariadbUrl(), (server) =>
        server.query<{ n: unknown }[]>(`SELECT sum(n) AS n FROM (${counts.join(" UNION ALL ")}) counts`),
      );
      return Number(rows[0]?.n);
    },
  },
};
