export type { DatabaseUrl, GivenPool, PostgresBackendOptions } from "./options.ts";
export type { PgTransaction } from "./own-pool.ts";
export type { PgClient, PgPool } from "./pool-connection.ts";
export { postgresBackend } from "./postgres-backend.ts";
