import { postgresBackend } from "@taskwright/server/postgres";
import { onPostgres } from "../harness/postgres-schema.ts";
import { findService } from "../harness/services.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import { exerciseBackend } from "./exercise-backend.ts";
import { POSTGRES_URL_VARIABLE, postgresUrl, schemaOf } from "./open-postgres.ts";
import type { StoreContext } from "./store-fixture.ts";

const service = await findService("postgres");
if (service.found) process.env[POSTGRES_URL_VARIABLE] = service.location;

async function tablesOf(context: StoreContext): Promise<string[]> {
  return onPostgres(postgresUrl(), async (client) => {
    const { rows } = await client.query("SELECT tablename FROM pg_tables WHERE schemaname = $1", [
      schemaOf(context),
    ]);
    return rows.map(({ tablename }) => `"${schemaOf(context)}"."${tablename}"`);
  });
}

/** The ways of the cases to the server, by namespace. */
const proxies = new Map<string, TcpProxy>();

exerciseBackend({
  name: "postgres",
  service,
  open: async (context) => {
    await onPostgres(postgresUrl(), (client) => client.query(`CREATE SCHEMA "${schemaOf(context)}"`));
    const url = new URL(postgresUrl());
    const proxy = await TcpProxy.open({ host: url.hostname, port: Number(url.port || 5432) });
    proxies.set(context.namespace, proxy);
    url.port = String(proxy.port);
    const backend = postgresBackend({ url: url.href, schema: schemaOf(context) });
    await backend.schema?.migrate();
    await backend.open();
    return backend;
  },
  remove: async (context) => {
    proxies.get(context.namespace)?.cut();
    proxies.delete(context.namespace);
    await onPostgres(postgresUrl(), (client) =>
      client.query(`DROP SCHEMA IF EXISTS "${schemaOf(context)}" CASCADE`),
    );
  },
  processes: { opener: new URL("./open-postgres.ts", import.meta.url).href },
  // No column may be null that a task always has; core never lets such a task through.
  unstorable: { spoil: (task) => ({ ...task, codec: null as unknown as string }) },
  breakage: { inflict: async ({ namespace }) => proxies.get(namespace)?.cut() },
  footprint: {
    measure: async (context) => {
      const counts = (await tablesOf(context)).map((table) => `SELECT count(*) AS n FROM ${table}`);
      const { rows } = await onPostgres(postgresUrl(), (client) =>
        client.query(`SELECT sum(n)::integer AS n FROM (${counts.join(" UNION ALL ")}) counts`),
      );
      return Number(rows[0].n);
    },
  },
  skips: [],
});
