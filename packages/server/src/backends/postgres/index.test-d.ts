import pg from "pg";
import { expectTypeOf } from "vitest";
import type { Backend } from "../../backend/index.ts";
import {
  type DatabaseUrl,
  type GivenPool,
  type PgClient,
  type PgPool,
  type PgTransaction,
  type PostgresBackendOptions,
  postgresBackend,
} from "./index.ts";

const url = "postgresql://localhost/app";
expectTypeOf(postgresBackend({ url })).toEqualTypeOf<Backend<PgTransaction>>();
postgresBackend({ url, schema: "tasks", tablePrefix: "tw_" });
// A pool of pg fits as it is, and its clients are what handlers with a transaction get.
expectTypeOf(postgresBackend({ pool: new pg.Pool() })).toEqualTypeOf<Backend<pg.PoolClient>>();
expectTypeOf<ReturnType<PgTransaction["query"]>>().resolves.toHaveProperty("rows");
expectTypeOf<pg.Pool>().toExtend<PgPool>();
expectTypeOf<pg.PoolClient>().toExtend<PgClient>();
expectTypeOf<PostgresBackendOptions>().toExtend<GivenPool | DatabaseUrl>();
// @ts-expect-error -- it needs a pool or a URL
postgresBackend({});
// @ts-expect-error -- and options
postgresBackend();
// @ts-expect-error -- not both
postgresBackend({ url, pool: new pg.Pool() });
// @ts-expect-error -- a client is no pool
postgresBackend({ pool: new pg.Client() });
// @ts-expect-error -- an unknown option
postgresBackend({ url, prefix: "tw_" });
