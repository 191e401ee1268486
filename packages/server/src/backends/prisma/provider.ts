import { TaskError } from "@taskwright/shared";
import type { PrismaLike } from "./prisma-client.ts";

/** A database that Prisma knows. */
export type PrismaProvider = "postgresql" | "mysql" | "mariadb" | "sqlite";

/** What generated clients know of themselves; none of it is documented, so all of it may be missing. */
interface Internals {
  readonly _activeProvider?: unknown;
  readonly _engineConfig?: { readonly adapter?: { readonly provider?: unknown } };
}

const NAMES: Readonly<Record<string, PrismaProvider>> = {
  postgres: "postgresql",
  postgresql: "postgresql",
  cockroachdb: "postgresql",
  mysql: "mysql",
  sqlite: "sqlite",
};

/** The database's own word about what it is, or null where it does not understand the question, as SQLite. */
async function askVersion(client: PrismaLike): Promise<string | null> {
  try {
    const [row] = await client.$queryRawUnsafe<readonly { readonly version: unknown }[]>(
      "SELECT version() AS version",
    );
    return String(row?.version);
  } catch {
    return null;
  }
}

/** Which database a client says that it leads to, without asking it; MariaDB says that it is MySQL. */
export function knownProvider(client: PrismaLike): PrismaProvider | undefined {
  const { _activeProvider, _engineConfig } = client as Internals;
  return NAMES[String(_activeProvider)] ?? NAMES[String(_engineConfig?.adapter?.provider)];
}

/** Finds out which database a client leads to. */
export async function detectProvider(client: PrismaLike): Promise<PrismaProvider> {
  const known = knownProvider(client);
  if (known !== undefined && known !== "mysql") return known;
  const version = await askVersion(client);
  if (version !== null && /postgres/i.test(version)) return "postgresql";
  if (version !== null && /mariadb/i.test(version)) return "mariadb";
  if (known !== undefined) return known;
  throw new TaskError({
    code: "BACKEND_INCOMPATIBLE",
    message:
      'prismaBackend() cannot tell which database the client leads to, or cannot reach it; say provider: "postgresql".',
  });
}
