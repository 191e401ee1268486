import { PrismaPg } from "@prisma/adapter-pg";
import { type PrismaLike, prismaBackend } from "@taskwright/server/prisma";
import pg from "pg";
import { generatedClient } from "../../test/harness/prisma/generated-client.ts";
import { countStatements, createSchema, dropSchema, POSTGRES_URL } from "./postgres-server.ts";
import { taskwright } from "./taskwright.ts";

const PrismaClient = await generatedClient("postgres");

function backendOf(schema: string) {
  const pool = new pg.Pool({ connectionString: POSTGRES_URL });
  const client: PrismaLike & { $disconnect(): Promise<void> } = new PrismaClient({
    adapter: new PrismaPg(pool),
  });
  const backend = prismaBackend(client, { pool, schema });
  return {
    ...backend,
    close: async () => {
      await backend.close();
      await client.$disconnect();
      await pool.end();
    },
  };
}

/** Taskwright on a Prisma client and the pool of its adapter. */
export const taskwrightPrisma = taskwright({
  name: "taskwright",
  isShared: true,
  createStore: async () => {
    const schema = await createSchema();
    const backend = backendOf(schema);
    await backend.schema?.migrate();
    await backend.close();
    return schema;
  },
  removeStore: dropSchema,
  backend: backendOf,
  countStatements,
});
