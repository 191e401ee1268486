import { postgresBackend } from "@taskwright/server/postgres";
import { exerciseBackend } from "./exercise-backend.ts";
import { schemaOf } from "./open-postgres.ts";
import { poolCallers } from "./postgres-callers.ts";
import { findPostgres, postgresExercise } from "./postgres-cases.ts";

exerciseBackend({
  name: "postgres",
  service: await findPostgres(),
  ...postgresExercise((context, url) => postgresBackend({ url, schema: schemaOf(context) })),
  callers: { open: poolCallers },
  processes: { opener: new URL("./open-postgres.ts", import.meta.url).href },
  skips: [],
});
