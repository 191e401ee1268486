import { PrismaMariaDb } from "@prisma/adapter-mariadb";
import { prismaBackend } from "@taskwright/server/prisma";
import { generatedClient } from "../../test/harness/prisma/generated-client.ts";
import { countStatements, createDatabase, dropDatabase, poolOptions } from "./mariadb-server.ts";
import { taskwright } from "./taskwright.ts";

const PrismaClient = await generatedClient("mysql");

function backendOf(database: string) {
  const client = new PrismaClient({ adapter: new PrismaMariaDb(poolOptions(database)) });
  const backend = prismaBackend(client);
  return {
    ...backend,
    close: async () => {
      await backend.close();
      await client.$disconnect();
    },
  };
}

/** Taskwright on a Prisma client of a MariaDB database. */
export const taskwrightMariadb = taskwright({
  name: "taskwright",
  isShared: true,
  createStore: async () => {
    const database = await createDatabase();
    const backend = backendOf(database);
    await backend.schema?.migrate();
    await backend.close();
    return database;
  },
  removeStore: dropDatabase,
  backend: backendOf,
  countStatements,
});
