import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { Backend, Outbox } from "@taskwright/server/backend";
import { memoryBackend } from "@taskwright/server/memory";
import { prismaOutbox } from "@taskwright/server/prisma";
import { redisBackend } from "@taskwright/server/redis";
import { onMariadb } from "../harness/mariadb-server.ts";
import { onPostgres } from "../harness/postgres-schema.ts";
import { prismaOn, prismaOnMariadb, type TestPrismaClient } from "../harness/prisma/generated-client.ts";
import { keyPrefixOf } from "../harness/redis-store.ts";
import type { FoundService, MissingService } from "../harness/services.ts";
import type { BackendExercise } from "./exercise.ts";
import { mariadbCallers } from "./mariadb-callers.ts";
import { databaseFile, databaseOf, mariadbUrl } from "./open-mariadb.ts";
import { postgresUrl, schemaOf } from "./open-postgres.ts";
import { sqliteClient } from "./open-prisma-sqlite.ts";
import { redisUrl } from "./open-redis.ts";
import { prismaCallers } from "./postgres-callers.ts";
import { sqliteCallers } from "./prisma-sqlite-callers.ts";
import { removeCaseKeys } from "./redis-cases.ts";
import type { StoreContext } from "./store-fixture.ts";

/** A database that holds an outbox and nothing else of ours. */
export interface OutboxPlace {
  readonly title: string;
  readonly service?: FoundService | MissingService;
  make(context: StoreContext): Promise<void>;
  remove(context: StoreContext): Promise<void>;
  client(context: StoreContext): Promise<TestPrismaClient>;
  /** Where the table is, for `prismaOutbox`. */
  readonly schema: (context: StoreContext) => { readonly schema?: string };
  readonly callers: Extract<BackendExercise["callers"], { open: unknown }>;
}

/** Where an outbox is in PostgreSQL. */
export const POSTGRES_PLACE: Omit<OutboxPlace, "service"> = {
  title: "PostgreSQL",
  make: async (context) => {
    await onPostgres(postgresUrl(), (client) => client.query(`CREATE SCHEMA "${schemaOf(context)}"`));
  },
  remove: async (context) => {
    await onPostgres(postgresUrl(), (client) =>
      client.query(`DROP SCHEMA IF EXISTS "${schemaOf(context)}" CASCADE`),
    );
  },
  client: () => prismaOn(postgresUrl()),
  schema: (context) => ({ schema: schemaOf(context) }),
  callers: { open: prismaCallers },
};

/** Where an outbox is in MariaDB. */
export const MARIADB_PLACE: Omit<OutboxPlace, "service"> = {
  title: "MariaDB",
  make: async (context) => {
    const name = `tw_outbox_${randomBytes(6).toString("hex")}`;
    writeFileSync(databaseFile(context), name);
    await onMariadb(mariadbUrl(), (server) => server.query(`CREATE DATABASE ${name}`));
  },
  remove: async (context) => {
    await onMariadb(mariadbUrl(), (server) => server.query(`DROP DATABASE ${databaseOf(context)}`));
  },
  client: (context) => {
    const url = new URL(mariadbUrl());
    url.pathname = databaseOf(context);
    return prismaOnMariadb(url.href);
  },
  schema: () => ({}),
  callers: { open: mariadbCallers },
};

/** Where an outbox is in SQLite. */
export const SQLITE_PLACE: OutboxPlace = {
  title: "SQLite",
  make: async () => {},
  remove: async () => {},
  client: sqliteClient,
  schema: () => ({}),
  callers: { open: sqliteCallers },
};

/** A backend whose callers keep their data, and an outbox, in a database; its cases show what the outbox adds. */
export function withOutboxOn(
  { title, service, make, remove, client: connect, schema, callers }: OutboxPlace,
  store: {
    readonly name: string;
    readonly service?: FoundService | MissingService;
    open(context: StoreContext, outbox: Outbox): Backend;
    remove?(context: StoreContext): Promise<void>;
  },
): BackendExercise {
  const missing = store.service?.found === false ? store.service : service;
  return {
    name: `${store.name}, with an outbox on ${title}`,
    ...(missing === undefined ? {} : { service: missing }),
    open: async (context): Promise<Backend> => {
      await make(context);
      const client = await connect(context);
      const backend = store.open(context, prismaOutbox(client, schema(context)));
      await backend.schema?.migrate();
      await backend.open();
      return {
        ...backend,
        close: async () => {
          await backend.close();
          await client.$disconnect();
        },
      };
    },
    remove: async (context) => {
      await remove(context);
      await store.remove?.(context);
    },
    callers,
    processes: { none: "is shown by the backend without an outbox" },
    unstorable: { none: "is shown by the backend without an outbox" },
    breakage: { none: "is shown by the backend without an outbox" },
    footprint: { none: "is shown by the backend without an outbox" },
    skips: [],
  };
}

/** A backend in memory with an outbox in a database. */
export function memoryWithOutbox(place: OutboxPlace): BackendExercise {
  return withOutboxOn(place, {
    name: "memory",
    open: (_, outbox) => memoryBackend({ readTime: () => Date.now() - 3_600_000, outbox }),
  });
}

/** The case's keys in Redis with an outbox in a database. */
export function redisWithOutbox(place: OutboxPlace, service: FoundService | MissingService): BackendExercise {
  return withOutboxOn(place, {
    name: "redis",
    service,
    open: (context, outbox) => redisBackend({ url: redisUrl(), keyPrefix: keyPrefixOf(context), outbox }),
    remove: (context) => removeCaseKeys(context),
  });
}
