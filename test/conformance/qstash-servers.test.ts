import { postgresBackend } from "@taskwright/server/postgres";
import { afterAll, beforeAll } from "vitest";
import { exerciseQstash } from "./exercise-qstash.ts";
import { listenForQstash, stopListening } from "./local-qstash.ts";
import { schemaOf } from "./open-postgres.ts";
import { poolCallers } from "./postgres-callers.ts";
import { findPostgres, postgresExercise } from "./postgres-cases.ts";
import { redisExercise, useRedis } from "./redis-cases.ts";

const [postgres, redis] = await Promise.all([findPostgres(), useRedis("redis")]);

beforeAll(listenForQstash);
afterAll(stopListening);

exerciseQstash({
  store: "postgres",
  service: postgres,
  ...postgresExercise((context, url) => postgresBackend({ url, schema: schemaOf(context) })),
  callers: { open: poolCallers },
});
exerciseQstash({ store: "redis", service: redis, open: redisExercise.open, remove: redisExercise.remove });
