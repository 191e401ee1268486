import { postgresBackend } from "@taskwright/server/postgres";
import { countStatements, createSchema, dropSchema, POSTGRES_URL } from "./postgres-server.ts";
import { taskwright } from "./taskwright.ts";

function backendOf(schema: string) {
  return postgresBackend({ url: POSTGRES_URL, schema });
}

/** Taskwright on its PostgreSQL backend with a pool of its own, beside the same through Prisma. */
export const taskwrightPostgres = taskwright({
  name: "taskwright, pg",
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
