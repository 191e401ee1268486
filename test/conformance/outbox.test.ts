import { generateClient } from "../harness/prisma/generated-client.ts";
import { exerciseOutbox } from "./exercise-outbox.ts";
import { findMariadb } from "./mariadb-cases.ts";
import {
  MARIADB_PLACE,
  memoryWithOutbox,
  POSTGRES_PLACE,
  redisWithOutbox,
  SQLITE_PLACE,
} from "./outbox-cases.ts";
import { findPostgres } from "./postgres-cases.ts";
import { useRedis } from "./redis-cases.ts";

const [postgres, mariadb, redis] = await Promise.all([findPostgres(), findMariadb(), useRedis("redis")]);
await Promise.all([
  generateClient("sqlite"),
  ...(postgres.found ? [generateClient()] : []),
  ...(mariadb.found ? [generateClient("mysql")] : []),
]);

exerciseOutbox(memoryWithOutbox({ ...POSTGRES_PLACE, service: postgres }));
exerciseOutbox(memoryWithOutbox({ ...MARIADB_PLACE, service: mariadb }));
exerciseOutbox(memoryWithOutbox(SQLITE_PLACE));
exerciseOutbox(redisWithOutbox({ ...POSTGRES_PLACE, service: postgres }, redis));
