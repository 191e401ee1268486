import { writeFileSync } from "node:fs";
import { afterAll } from "vitest";
import { onMariadb } from "../harness/mariadb-server.ts";
import { type FoundService, findService, type MissingService } from "../harness/services.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import type { BackendExercise } from "./exercise.ts";
import { databaseFile, databaseOf, MARIADB_URL_VARIABLE, mariadbStore, mariadbUrl } from "./open-mariadb.ts";
import type { StoreContext } from "./store-fixture.ts";

/** The ways of the cases to the server, by namespace. */
const proxies = new Map<string, TcpProxy>();

/** What grows with task results; `lane` and `input_path` grow with the names of queues and paths. */
const TABLES = ["task", "due", "later", "running", "finished", "deduplication", "input_leaf", "version"];

/** Databases that are empty again. */
const free: string[] = [];

afterAll(async () => {
  for (const name of free)
    await onMariadb(mariadbUrl(), (server) => server.query(`DROP DATABASE IF EXISTS \`${name}\``));
});

async function makeDatabase({ namespace }: StoreContext): Promise<string> {
  const name = `tw_${namespace}`;
  await onMariadb(mariadbUrl(), (server) => server.query(`CREATE DATABASE \`${name}\``));
  return name;
}

/** Brings a database back to what it was when its tables were made. */
async function empty(database: string): Promise<void> {
  await onMariadb(mariadbUrl(), async (server) => {
    const grown = [...TABLES, "schedule", "lane", "input_path", "input_index"].filter(
      (table) => table !== "version",
    );
    for (const table of grown) await server.query(`DELETE FROM \`${database}\`.taskwright_${table}`);
    await server.query(`INSERT INTO \`${database}\`.taskwright_input_index (id) VALUES (1)`);
    await server.query(`DROP TABLE IF EXISTS \`${database}\`.callers_line`);
  });
}

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
    const database = free.pop() ?? (await makeDatabase(context));
    writeFileSync(databaseFile(context), database);
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
    await proxies.get(context.namespace)?.close();
    proxies.delete(context.namespace);
    await empty(databaseOf(context));
    free.push(databaseOf(context));
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
