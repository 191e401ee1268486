import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { PrismaLibSql } from "@prisma/adapter-libsql";
import { PrismaMariaDb } from "@prisma/adapter-mariadb";
import { PrismaPg } from "@prisma/adapter-pg";
import type { PrismaLike } from "@taskwright/server/prisma";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

/** The databases that there is a schema of beside this file. */
type Dialect = "postgres" | "mysql" | "sqlite";

/** A client that can be told to let go of its connections. */
export interface TestPrismaClient extends PrismaLike {
  $disconnect(): Promise<void>;
  $executeRawUnsafe(sql: string, ...values: unknown[]): Promise<number>;
}

function clientOf(dialect: Dialect): string {
  return join(FOLDER, `generated/${dialect}/client.ts`);
}

/** Generates the client of a schema beside this file, unless that has been done; processes that do it at once do the same. */
export async function generateClient(dialect: Dialect = "postgres"): Promise<void> {
  if (existsSync(clientOf(dialect))) return;
  const prisma = join(dirname(fileURLToPath(import.meta.resolve("prisma/package.json"))), "build/index.js");
  // Prisma looks for a migration engine that generating does not use; any program will do in its place.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath };
  await promisify(execFile)(
    process.execPath,
    [prisma, "generate", "--schema", join(FOLDER, `${dialect}.prisma`)],
    { env, timeout: 60_000 },
  );
}

/** The generated client's class; generates it where that has not been done. */
export async function generatedClient(
  dialect: Dialect,
): Promise<new (options: { readonly adapter: object }) => TestPrismaClient> {
  await generateClient(dialect);
  return (await import(pathToFileURL(clientOf(dialect)).href)).PrismaClient;
}

async function makeClient(dialect: Dialect, adapter: object): Promise<TestPrismaClient> {
  const PrismaClient = await generatedClient(dialect);
  return new PrismaClient({ adapter });
}

/** Makes a client of a PostgreSQL database; `generateClient` has run before. */
export function prismaOn(url: string): Promise<TestPrismaClient> {
  return makeClient("postgres", new PrismaPg({ connectionString: url }));
}

/** Makes a client of a MariaDB database, with settings of its sessions; `generateClient` has run before. */
export function prismaOnMariadb(url: string, settings: object = {}): Promise<TestPrismaClient> {
  const { hostname, port, username, password, pathname } = new URL(url);
  return makeClient(
    "mysql",
    new PrismaMariaDb({
      host: hostname,
      port: Number(port || 3306),
      user: decodeURIComponent(username || "root"),
      password: decodeURIComponent(password),
      database: pathname.slice(1),
      ...settings,
    }),
  );
}

/** Makes a client of a SQLite file; `generateClient` has run before. */
export function prismaOnSqlite(file: string): Promise<TestPrismaClient> {
  // Without a timeout a locked database is an error at once, and large integers are one without bigint.
  const adapter = new PrismaLibSql({ url: `file:${file}`, timeout: 5_000, intMode: "bigint" });
  return makeClient("sqlite", adapter);
}
