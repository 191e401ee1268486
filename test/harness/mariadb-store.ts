import { randomBytes } from "node:crypto";
import type { Backend } from "@taskwright/server/backend";
import { type PrismaBackendOptions, prismaBackend } from "@taskwright/server/prisma";
import { onTestFinished, type TestContext } from "vitest";
import { onMariadb } from "./mariadb-server.ts";
import { generateClient, prismaOnMariadb, type TestPrismaClient } from "./prisma/generated-client.ts";
import { findService, skipUnlessFound } from "./services.ts";

const service = await findService("mariadb");
if (service.found) await generateClient("mysql");

/** Where a test's tables are. */
export interface MariadbPlace {
  /** Leads to the test's own database. */
  readonly url: string;
  readonly database: string;
}

/** Makes an empty database, which goes when the test ends; skips the test where there is no server. */
export async function freshDatabase(context: TestContext, options = ""): Promise<MariadbPlace> {
  skipUnlessFound(context, service, "how the MariaDB backend takes faults");
  const database = `tw_test_${randomBytes(6).toString("hex")}`;
  const url = new URL(service.location);
  await onMariadb(url.href, (server) => server.query(`CREATE DATABASE \`${database}\` ${options}`));
  onTestFinished(async () => {
    await onMariadb(service.location, (server) => server.query(`DROP DATABASE IF EXISTS \`${database}\``));
  });
  url.pathname = database;
  return { url: url.href, database };
}

/** Runs SQL as the tests' own user, in the test's database. */
export function runOnMariadb(
  { url }: Pick<MariadbPlace, "url">,
  text: string,
): Promise<readonly Record<string, unknown>[]> {
  return onMariadb(url, (server) => server.query(text));
}

/** Makes a user without rights, and gives the URL by which it connects; it goes when the test ends. */
export async function aUser({ url, database }: MariadbPlace): Promise<string> {
  const user = `${database}_u`.slice(0, 32);
  await runOnMariadb({ url }, `CREATE USER '${user}'@'%' IDENTIFIED BY 'secret'`);
  onTestFinished(async () => {
    await runOnMariadb({ url }, `DROP USER '${user}'@'%'`);
  });
  const own = new URL(url);
  own.username = user;
  own.password = "secret";
  return own.href;
}

/** A client with settings of its sessions, and the backend on it; both are closed when the test ends. */
export async function onClient(
  url: string,
  options: PrismaBackendOptions = {},
  settings: object = {},
): Promise<{ readonly backend: Backend; readonly client: TestPrismaClient }> {
  const client = await prismaOnMariadb(url, settings);
  const backend = prismaBackend(client, options);
  onTestFinished(async () => {
    await backend.close();
    await client.$disconnect();
  });
  return { backend, client };
}

/** Makes the tables and opens the store. */
export async function openOn(
  url: string,
  options: PrismaBackendOptions = {},
  settings: object = {},
): Promise<Backend> {
  const { backend } = await onClient(url, options, settings);
  await backend.schema?.migrate();
  await backend.open();
  return backend;
}
