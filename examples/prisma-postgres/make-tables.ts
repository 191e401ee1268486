// Makes the tables of the application and of Taskwright. An application of yours runs `prisma migrate deploy` and
// `taskwright migrate` instead; here the database need not have Prisma's engine.
import { readFile } from "node:fs/promises";
import { prismaBackend } from "@taskwright/server/prisma";
import type { Database } from "./database.ts";

const ORDERS = new URL("prisma/migrations/20261101000000_orders/migration.sql", import.meta.url);

export async function makeTables({ prisma, pool }: Database): Promise<void> {
  const { rows } = await pool.query(`SELECT to_regclass('"order"') AS there`);
  if (rows[0].there === null) await pool.query(await readFile(ORDERS, "utf8"));
  await prismaBackend(prisma).schema?.migrate();
}
