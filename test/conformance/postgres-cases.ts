import type { Backend } from "@taskwright/server/backend";
import { onPostgres } from "../harness/postgres-schema.ts";
import { type FoundService, findService, type MissingService } from "../harness/services.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import type { BackendExercise } from "./exercise.ts";
import { POSTGRES_URL_VARIABLE, postgresUrl, schemaOf } from "./open-postgres.ts";
import type { StoreContext } from "./store-fixture.ts";

/** The ways of the cases to the server, by namespace. */
const proxies = new Map<string, TcpProxy>();

async function tablesOf(context: StoreContext): Promise<string[]> {
  return onPostgres(postgresUrl(), async (client) => {
    const { rows } = await client.query("SELECT tablename FROM pg_tables WHERE schemaname = $1", [
      schemaOf(context),
    ]);
    return rows.map(({ tablename }) => `"${schemaOf(context)}"."${tablename}"`);
  });
}

/** Looks for a server, and tells the processes that cases start where it is. */
export async function findPostgres(): Promise<FoundService | MissingService> {
  const service = await findService("postgres");
  if (service.found) process.env[POSTGRES_URL_VARIABLE] = service.location;
  return service;
}

/** What cases on PostgreSQL need, whatever runs the statements: a schema of their own, and a way there that can be cut. */
export function postgresExercise(
  make: (context: StoreContext, url: string) => Backend | Promise<Backend>,
): Pick<BackendExercise, "open" | "remove" | "unstorable" | "breakage" | "footprint"> {
  return {
    open: async (context) => {
      await onPostgres(postgresUrl(), (client) => client.query(`CREATE SCHEMA "${schemaOf(context)}"`));
      const url = new URL(postgresUrl());
      const proxy = await TcpProxy.open({ host: url.hostname, port: Number(url.port || 5432) });
      proxies.set(context.namespace, proxy);
      url.port = String(proxy.port);
      const backend = await make(context, url.href);
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
  };
}
