import { randomBytes, randomUUID } from "node:crypto";
import type { Backend, ClaimAnswer, NewTask } from "@taskwright/server/backend";
import { onTestFinished, type TestContext } from "vitest";
import { onPostgres } from "./postgres-schema.ts";
import { findService, skipUnlessFound } from "./services.ts";
import { aTask, claim } from "./sqlite-store.ts";

const service = await findService("postgres");

/** Where a test's tables are. */
export interface PostgresPlace {
  readonly url: string;
  readonly schema: string;
}

/** Makes an empty schema, which goes when the test ends; skips the test where there is no server. */
export async function freshSchema(context: TestContext): Promise<PostgresPlace> {
  skipUnlessFound(context, service, "how the PostgreSQL backend takes faults");
  const place = { url: service.location, schema: `tw_test_${randomBytes(6).toString("hex")}` };
  await onPostgres(place.url, (client) => client.query(`CREATE SCHEMA "${place.schema}"`));
  onTestFinished(async () => {
    await onPostgres(place.url, (client) => client.query(`DROP SCHEMA IF EXISTS "${place.schema}" CASCADE`));
  });
  return place;
}

/** Runs SQL as the tests' own user. */
export function runSql(
  { url }: Pick<PostgresPlace, "url">,
  text: string,
): Promise<readonly Record<string, unknown>[]> {
  return onPostgres(url, async (client) => (await client.query(text)).rows ?? []);
}

/** Makes a role that may log in, as another user of the server, and gives its URL; it goes when the test ends. */
export async function aRole(
  { url, schema }: PostgresPlace,
  settings: readonly string[] = [],
): Promise<string> {
  const role = `${schema}_role`;
  const ddl = [
    `CREATE ROLE "${role}" LOGIN PASSWORD 'secret'`,
    ...settings.map((setting) => `ALTER ROLE "${role}" SET ${setting}`),
  ];
  await runSql({ url }, ddl.join("; "));
  onTestFinished(async () => {
    await runSql({ url }, `DROP OWNED BY "${role}"; DROP ROLE "${role}"`);
  });
  const own = new URL(url);
  own.username = role;
  own.password = "secret";
  return own.href;
}

/** Makes the tables and opens the store; it is closed when the test ends. */
export async function openMigrated(backend: Backend): Promise<Backend> {
  await backend.schema?.migrate();
  await backend.open();
  onTestFinished(() => backend.close());
  return backend;
}

/** A task to enqueue, with an id as core makes them. */
export function aPostgresTask(given: Partial<NewTask> = {}): NewTask {
  return aTask({ id: randomUUID(), ...given });
}

/** Claims everything that is due of `mail.send`. */
export async function claimAll(backend: Backend): Promise<ClaimAnswer["claimed"]> {
  return claim(backend, undefined, 1_000);
}
