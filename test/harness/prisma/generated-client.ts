import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { PrismaPg } from "@prisma/adapter-pg";
import type { PrismaLike } from "@taskwright/server/prisma";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const CLIENT = join(FOLDER, "generated/postgres/client.ts");

/** A client that can be told to let go of its connections. */
export interface TestPrismaClient extends PrismaLike {
  $disconnect(): Promise<void>;
}

/** Generates the client of the schema beside this file, unless that has been done; processes that do it at once do the same. */
export async function generateClient(): Promise<void> {
  if (existsSync(CLIENT)) return;
  const prisma = join(dirname(fileURLToPath(import.meta.resolve("prisma/package.json"))), "build/index.js");
  // Prisma looks for a migration engine that generating does not use; any program will do in its place.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath };
  await promisify(execFile)(
    process.execPath,
    [prisma, "generate", "--schema", join(FOLDER, "postgres.prisma")],
    {
      env,
      timeout: 60_000,
    },
  );
}

/** Makes a client of a PostgreSQL database; `generateClient` has run before. */
export async function prismaOn(url: string): Promise<TestPrismaClient> {
  const { PrismaClient } = (await import(pathToFileURL(CLIENT).href)) as {
    PrismaClient: new (options: object) => TestPrismaClient;
  };
  return new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
}
