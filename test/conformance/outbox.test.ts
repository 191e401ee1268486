import { generateClient } from "../harness/prisma/generated-client.ts";
import { exerciseOutbox } from "./exercise-outbox.ts";
import { findMariadb } from "./mariadb-cases.ts";
import { MARIADB_PLACE, memoryWithOutbox, POSTGRES_PLACE, SQLITE_PLACE } from "./outbox-cases.ts";
import { findPostgres } from "./postgres-cases.ts";

const [postgres, mariadb] = await Promise.all([findPostgres(), findMariadb()]);
await Promise.all([
  generateClient("sqlite"),
  ...(postgres.found ? [generateClient()] : []),
  ...(mariadb.found ? [generateClient("mysql")] : []),
]);

exerciseOutbox(memoryWithOutbox({ ...POSTGRES_PLACE, service: postgres }));
exerciseOutbox(memoryWithOutbox({ ...MARIADB_PLACE, service: mariadb }));
exerciseOutbox(memoryWithOutbox(SQLITE_PLACE));
