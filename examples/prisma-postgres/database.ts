// The application's database: one pool of connections, which Prisma and Taskwright share.
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { PrismaClient } from "./generated/client.ts";

export interface Database extends AsyncDisposable {
  readonly prisma: PrismaClient;
  /** Idle workers listen on a connection of it, so that they start at once. */
  readonly pool: pg.Pool;
}

export function openDatabase(url: string): Database {
  const pool = new pg.Pool({ connectionString: url });
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  return {
    prisma,
    pool,
    [Symbol.asyncDispose]: async () => {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}
