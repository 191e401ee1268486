import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { Backend } from "@taskwright/server/backend";
import { memoryBackend } from "@taskwright/server/memory";
import { prismaOutbox } from "@taskwright/server/prisma";
import { onMariadb } from "../harness/mariadb-server.ts";
import { onPostgres } from "../harness/postgres-schema.ts";
import { prismaOn, prismaOnMariadb, type TestPrismaClient } from "../harness/prisma/generated-client.ts";
import type { FoundService, MissingService } from "../harness/services.ts";
import type { BackendExercise } from "./exercise.ts";
import { mariadbCallers } from "./mariadb-callers.ts";
import { databaseFile, databaseOf, mariadbUrl } from "./open-mariadb.ts";
import { postgresUrl, schemaOf } from "./open-postgres.ts";
import { sqliteClient } from "./open-prisma-sqlite.ts";
import { prismaCallers } from "./postgres-callers.ts";
import { sqliteCallers } from "./prisma-sqlite-callers.ts";
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

/** A backend in memory whose callers keep their data, and an outbox, in a database. */
export function memoryWithOutbox(place: OutboxPlace): BackendExercise {
  const { title, service, make, remove, client: connect, schema, callers } = place;
  return {
    name: `memory, with an outbox on ${title}`,
    ...(service === undefined ? {} : { service }),
    open: async (context): Promise<Backend> => {
      await make(context);
      const client = await connect(context);
      const backend = memoryBackend({
        readTime: () => Date.now() - 3_600_000,
        outbox: prismaOutbox(client, schema(context)),
      });
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
    remove,
    callers,
    processes: { none: "keeps everything in one process, so that no other can share or outlive it" },
    unstorable: { none: "keeps any value in a map, so that there is no task it could refuse" },
    breakage: { none: "is a few maps, which cannot fail while their process lives" },
    footprint: { none: "shows nobody its maps; packages/server/src/backends/memory tests that they empty" },
    skips: [],
  };
}
