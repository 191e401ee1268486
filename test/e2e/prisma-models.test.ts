import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Schema } from "@taskwright/server/backend";
import { postgresBackend } from "@taskwright/server/postgres";
import { prismaBackend, prismaOutbox } from "@taskwright/server/prisma";
import { expect, onTestFinished, test } from "vitest";
import { onMariadb } from "../harness/mariadb-server.ts";
import { onPostgres } from "../harness/postgres-schema.ts";
import {
  generateClient,
  prismaOn,
  prismaOnMariadb,
  prismaOnSqlite,
  type TestPrismaClient,
} from "../harness/prisma/generated-client.ts";
import { columnsOfModels, NUMBERED } from "../harness/prisma/model-columns.ts";
import { sqlOfDrift, sqlOfModels } from "../harness/prisma/schema-engine.ts";
import { findService, skipUnlessFound } from "../harness/services.ts";
import { REPOSITORY } from "./markdown.ts";

const service = await findService("postgres");
const mariadb = await findService("mariadb");
await Promise.all([generateClient(), generateClient("sqlite"), generateClient("mysql")]);

/** A column as a database tells of it, by table and name. */
type Columns = Readonly<Record<string, unknown>>;

function modelsOf(database: string, of: "tasks" | "outbox" = "tasks"): string {
  return readFileSync(join(REPOSITORY, "prisma", database, `${of}.prisma`), "utf8");
}

function migrationsOf(client: TestPrismaClient, of: "tasks" | "outbox"): Schema | undefined {
  return of === "tasks" ? prismaBackend(client).schema : prismaOutbox(client).schema;
}

async function postgresColumns(url: string, schema: string): Promise<Columns> {
  return onPostgres(url, async (client) => {
    const { rows } = await client.query(
      `SELECT c.table_name || '.' || c.column_name AS name, c.udt_name AS type, c.is_nullable AS nullable,
          CASE WHEN c.is_identity = 'YES' OR c.column_default LIKE 'nextval(%' THEN $2 ELSE c.column_default END AS "default",
          (SELECT k.ordinal_position FROM information_schema.table_constraints t
            JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name)
            WHERE t.constraint_type = 'PRIMARY KEY' AND t.table_schema = c.table_schema
              AND t.table_name = c.table_name AND k.column_name = c.column_name) AS key
        FROM information_schema.columns c WHERE c.table_schema = $1`,
      [schema, NUMBERED],
    );
    return Object.fromEntries(rows.map(({ name, ...column }) => [name, column]));
  });
}

async function withPostgres(run: (url: string, schema: string) => Promise<Columns>): Promise<Columns> {
  if (!service.found) throw new Error("There is no PostgreSQL.");
  const schema = `tw_models_${randomBytes(6).toString("hex")}`;
  const { location: url } = service;
  await onPostgres(url, (client) => client.query(`CREATE SCHEMA "${schema}"`));
  try {
    return await run(url, schema);
  } finally {
    await onPostgres(url, (client) => client.query(`DROP SCHEMA "${schema}" CASCADE`));
  }
}

test("on PostgreSQL the models have the columns, types, defaults and keys of the migrations", async (context) => {
  skipUnlessFound(context, service, "the models of PostgreSQL");
  const ofModels = await withPostgres(async (url, schema) => {
    const sql = await sqlOfModels({ provider: "postgresql", url, schema }, modelsOf("postgresql"));
    await onPostgres(url, (client) => client.query(`SET search_path = "${schema}"; ${sql}`));
    return postgresColumns(url, schema);
  });
  const ofMigrations = await withPostgres(async (url, schema) => {
    const backend = postgresBackend({ url, schema });
    await backend.schema?.migrate();
    await backend.close();
    return postgresColumns(url, schema);
  });
  expect(Object.keys(ofMigrations).length).toBeGreaterThan(50);
  expect(ofModels).toEqual(ofMigrations);
});

test("on PostgreSQL the models of an outbox have what its migrations make, and nothing else is made", async (context) => {
  skipUnlessFound(context, service, "the models of an outbox in PostgreSQL");
  const ofModels = await withPostgres(async (url, schema) => {
    const sql = await sqlOfModels({ provider: "postgresql", url, schema }, modelsOf("postgresql", "outbox"));
    await onPostgres(url, (client) => client.query(`SET search_path = "${schema}"; ${sql}`));
    return postgresColumns(url, schema);
  });
  const ofMigrations = await withPostgres(async (url, schema) => {
    const client = await prismaOn(url);
    await prismaOutbox(client, { schema }).schema.migrate();
    await client.$disconnect();
    return postgresColumns(url, schema);
  });
  expect(Object.keys(ofMigrations)).toHaveLength(9);
  expect(ofModels).toEqual(ofMigrations);
});

async function mariadbColumns(url: string, database: string): Promise<Columns> {
  return onMariadb(url, async (server) => {
    const rows: Record<string, string | number | null>[] = await server.query(
      `SELECT concat(c.table_name, '.', c.column_name) AS name, c.column_type AS type, c.is_nullable AS nullable,
          c.column_default AS given, c.extra AS extra, k.ordinal_position AS place
        FROM information_schema.columns c LEFT JOIN information_schema.key_column_usage k
          ON k.constraint_name = 'PRIMARY' AND k.table_schema = c.table_schema
            AND k.table_name = c.table_name AND k.column_name = c.column_name
        WHERE c.table_schema = ?`,
      [database],
    );
    return Object.fromEntries(
      rows.map(({ name, type, nullable, given, extra, place }) => [
        String(name),
        {
          // MariaDB shows the widths of integers, which mean nothing, and says NULL where MySQL says nothing.
          type: String(type).replace(/int\(\d+\)/, "int"),
          nullable: nullable === "YES",
          default: extra === "auto_increment" ? NUMBERED : given === "NULL" ? null : given,
          key: place === null ? null : Number(place),
        },
      ]),
    );
  });
}

test.for(["tasks", "outbox"] as const)(
  "on MariaDB the models of %s have the columns, types, defaults and keys of the migrations",
  async (of, context) => {
    skipUnlessFound(context, mariadb, "the models of MariaDB and MySQL");
    const database = `tw_models_${randomBytes(6).toString("hex")}`;
    await onMariadb(mariadb.location, (server) => server.query(`CREATE DATABASE ${database}`));
    try {
      const url = new URL(mariadb.location);
      url.pathname = `/${database}`;
      const client = await prismaOnMariadb(url.href);
      await migrationsOf(client, of)?.migrate();
      await client.$disconnect();
      const ofMigrations = await mariadbColumns(mariadb.location, database);
      expect(Object.keys(ofMigrations).length).toBeGreaterThan(of === "tasks" ? 50 : 8);
      expect(columnsOfModels(modelsOf("mysql", of))).toEqual(ofMigrations);
    } finally {
      await onMariadb(mariadb.location, (server) => server.query(`DROP DATABASE ${database}`));
    }
  },
);

async function aSqliteClient(): Promise<{ client: TestPrismaClient; file: string }> {
  const folder = mkdtempSync(join(tmpdir(), "taskwright-"));
  const file = join(folder, "app.db");
  const client = await prismaOnSqlite(file);
  onTestFinished(async () => {
    await client.$disconnect();
    rmSync(folder, { recursive: true });
  });
  return { client, file };
}

async function sqliteColumns(client: TestPrismaClient): Promise<Columns> {
  const rows = await client.$queryRawUnsafe<{ name: string }[]>(
    `SELECT t.name || '.' || c.name AS name, c.type, c."notnull", c.dflt_value, c.pk
      FROM sqlite_schema t JOIN pragma_table_info(t.name) c
      WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'`,
  );
  return Object.fromEntries(rows.map(({ name, ...column }) => [name, column]));
}

test.each(["tasks", "outbox"] as const)(
  "on SQLite the models of %s have the columns, types, defaults and keys of the migrations",
  async (of) => {
    const [models, migrations] = [await aSqliteClient(), await aSqliteClient()];
    const sql = await sqlOfModels({ provider: "sqlite", file: models.file }, modelsOf("sqlite", of));
    for (const statement of sql.split(/;\s*$/m)) {
      if (statement.trim() !== "") await models.client.$executeRawUnsafe(statement);
    }
    await migrationsOf(migrations.client, of)?.migrate();
    const ofMigrations = await sqliteColumns(migrations.client);
    expect(Object.keys(ofMigrations).length).toBeGreaterThan(of === "tasks" ? 30 : 8);
    expect(await sqliteColumns(models.client)).toEqual(ofMigrations);
  },
);

test("Prisma leaves the tables alone when they are declared external, and would drop their indexes otherwise", async () => {
  const { client, file } = await aSqliteClient();
  await prismaBackend(client).schema?.migrate();
  const models = modelsOf("sqlite");
  const tables = [...models.matchAll(/@@map\("(\w+)"\)/g)].map(([, name]) => name ?? "");
  expect(await sqlOfDrift({ provider: "sqlite", file }, models, [])).toMatch(/DROP (INDEX|TABLE)/);
  expect(await sqlOfDrift({ provider: "sqlite", file }, models, tables)).toContain(
    "This is an empty migration",
  );
});

test.each(["postgresql", "mysql", "sqlite"])("each column of the models for %s is documented", (database) => {
  const lines = [modelsOf(database), modelsOf(database, "outbox")].join("").split("\n");
  const undocumented = lines.filter(
    (line, index) => /^( {2}\w|model )/.test(line) && !(lines[index - 1] ?? "").trim().startsWith("/// "),
  );
  expect(undocumented).toEqual([]);
});
