import { generateClient } from "../harness/prisma/generated-client.ts";
import { exerciseBackend } from "./exercise-backend.ts";
import { prismaStore } from "./open-prisma.ts";
import { prismaCallers } from "./postgres-callers.ts";
import { findPostgres, postgresExercise } from "./postgres-cases.ts";
import { massesShownBy } from "./shown-elsewhere.ts";

const service = await findPostgres();
if (service.found) await generateClient();

exerciseBackend({
  name: "prisma (PostgreSQL)",
  service,
  ...postgresExercise(prismaStore),
  callers: { open: prismaCallers },
  processes: { opener: new URL("./open-prisma.ts", import.meta.url).href },
  skips: massesShownBy("postgres"),
});
