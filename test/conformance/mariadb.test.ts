import { generateClient } from "../harness/prisma/generated-client.ts";
import { exerciseBackend } from "./exercise-backend.ts";
import { mariadbCallers } from "./mariadb-callers.ts";
import { findMariadb, MARIADB_EXERCISE } from "./mariadb-cases.ts";

const service = await findMariadb();
if (service.found) await generateClient("mysql");

exerciseBackend({
  name: "mariadb",
  service,
  ...MARIADB_EXERCISE,
  callers: { open: mariadbCallers },
  processes: { opener: new URL("./open-mariadb.ts", import.meta.url).href },
  skips: [],
});
