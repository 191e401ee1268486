import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { onMariadb } from "../harness/mariadb-server.ts";
import { onPostgres } from "../harness/postgres-schema.ts";
import { generateClient } from "../harness/prisma/generated-client.ts";
import { deploy, type EngineTarget } from "../harness/prisma/schema-engine.ts";
import { findService, skipUnlessFound } from "../harness/services.ts";
import { type CliFolder, cliFolder, fixture } from "./fixtures/cli/cli-process.ts";

const service = await findService("postgres");
const mariadb = await findService("mariadb");
await Promise.all([generateClient("sqlite"), generateClient("mysql")]);

function configWith(backend: string): string {
  const clients = fileURLToPath(new URL("../harness/prisma/generated-client.ts", import.meta.url));
  return `
  import { createTaskServer } from ${JSON.stringify(import.meta.resolve("@taskwright/server"))};
  import { postgresBackend } from ${JSON.stringify(import.meta.resolve("@taskwright/server/postgres"))};
  import { memoryBackend } from ${JSON.stringify(import.meta.resolve("@taskwright/server/memory"))};
  import { prismaBackend, prismaOutbox } from ${JSON.stringify(import.meta.resolve("@taskwright/server/prisma"))};
  import { prismaOnMariadb, prismaOnSqlite } from ${JSON.stringify(clients)};
  import { tasks } from ${JSON.stringify(fixture("tasks.ts"))};
  export default createTaskServer({ tasks, backend: ${backend}, only: [], handlers: {} });`;
}

/** As `prisma migrate deploy` does, which runs nothing twice. */
function deployTwice(target: EngineTarget): (migrations: string) => Promise<readonly string[]> {
  return async (migrations) => {
    const names = await deploy(target, migrations);
    expect(await deploy(target, migrations)).toEqual([]);
    return names;
  };
}

/** Writes the migrations of a config, lets Prisma run them, and looks whether the backend takes the tables. */
async function writeAndDeploy(
  folder: CliFolder,
  run: (migrations: string) => Promise<readonly string[]>,
): Promise<void> {
  const migrations = join(folder.path, "prisma", "migrations");
  expect((await folder.run(["status"])).stderr).toContain("Run `taskwright migrate`.");
  const dry = await folder.run(["migrate", "--prisma", "--dry-run"]);
  expect(dry.stdout).toContain("CREATE TABLE");
  expect(existsSync(migrations)).toBe(false);
  const { code, stdout, stderr } = await folder.run(["migrate", "--prisma"]);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/wrote .*[/\\]\d{14}_taskwright_0001_tasks[/\\]migration\.sql\n/);
  const written = readdirSync(migrations);
  const [first] = written.filter((name) => name.endsWith("_taskwright_0001_tasks"));
  const sql = readFileSync(join(migrations, first ?? "", "migration.sql"), "utf8");
  expect(dry.stdout).toContain(sql);
  // Again, nothing is written, and the database itself has not been touched.
  expect((await folder.run(["migrate", "--prisma"])).stdout).toContain("all of its migrations are there");
  expect(readdirSync(migrations)).toEqual(written);
  expect((await folder.run(["status"])).code).toBe(1);
  expect(await run(migrations)).toEqual(written.filter((name) => !name.endsWith(".toml")));
  const status = await folder.run(["status"]);
  expect(status.code, status.stderr).toBe(0);
  expect((await folder.run(["migrate"])).stdout).toMatch(/is up to date\.\n$/);
  const doctor = await folder.run(["doctor"]);
  expect(doctor.stdout).toContain("0 errors");
}

test("on PostgreSQL, what migrate --prisma writes is run by Prisma and taken by the backend", async (context) => {
  skipUnlessFound(context, service, "taskwright migrate --prisma");
  const schema = `tw_cli_${randomBytes(6).toString("hex")}`;
  const { location: url } = service;
  await onPostgres(url, (client) => client.query(`CREATE SCHEMA "${schema}"`));
  try {
    await using folder = cliFolder(configWith(`postgresBackend(${JSON.stringify({ url, schema })})`));
    await writeAndDeploy(folder, deployTwice({ provider: "postgresql", url, schema }));
  } finally {
    await onPostgres(url, (client) => client.query(`DROP SCHEMA "${schema}" CASCADE`));
  }
});

test("on SQLite, what migrate --prisma writes is run by Prisma and taken by the backend", async () => {
  await using folder = cliFolder();
  const file = join(folder.path, "app.db");
  folder.write(
    "taskwright.config.ts",
    configWith(`prismaBackend(await prismaOnSqlite(${JSON.stringify(file)}))`),
  );
  await writeAndDeploy(folder, deployTwice({ provider: "sqlite", file }));
});

test("a backend that keeps its tasks elsewhere gets the table of its outbox, and no other", async () => {
  await using folder = cliFolder();
  const file = join(folder.path, "app.db");
  const outbox = `prismaOutbox(await prismaOnSqlite(${JSON.stringify(file)}))`;
  folder.write("taskwright.config.ts", configWith(`memoryBackend({ outbox: ${outbox} })`));
  expect((await folder.run(["status"])).stderr).toContain("Run `taskwright migrate`.");
  const { code, stdout, stderr } = await folder.run(["migrate", "--prisma"]);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/wrote .*_taskwright_0001_outbox[/\\]migration\.sql\n/);
  expect(stdout.match(/wrote/g)).toHaveLength(2);
  const migrations = join(folder.path, "prisma", "migrations");
  await deployTwice({ provider: "sqlite", file })(migrations);
  expect((await folder.run(["migrate"])).stdout).toMatch(/is up to date\.\n$/);
  const doctor = await folder.run(["doctor"]);
  expect(doctor.stdout).toContain("nothing waits there");
  expect(doctor.stdout).toContain("0 errors");
});

test("on MariaDB, what migrate --prisma writes is SQL that makes the tables which the backend takes", async (context) => {
  skipUnlessFound(context, mariadb, "taskwright migrate --prisma");
  const database = `tw_cli_${randomBytes(6).toString("hex")}`;
  const url = new URL(mariadb.location);
  await onMariadb(url.href, (server) => server.query(`CREATE DATABASE ${database}`));
  url.pathname = `/${database}`;
  try {
    await using folder = cliFolder(
      configWith(`prismaBackend(await prismaOnMariadb(${JSON.stringify(url.href)}))`),
    );
    // The engine that the tests have runs no migrations on MariaDB.
    await writeAndDeploy(folder, async (migrations) => {
      const names = readdirSync(migrations).filter((name) => !name.endsWith(".toml"));
      for (const name of names) {
        const sql = readFileSync(join(migrations, name, "migration.sql"), "utf8");
        await onMariadb(url.href, (server) => server.query(sql));
      }
      return names;
    });
    const lock = readFileSync(join(folder.path, "prisma", "migrations", "migration_lock.toml"), "utf8");
    expect(lock).toContain('provider = "mysql"');
  } finally {
    await onMariadb(url.href, (server) => server.query(`DROP DATABASE ${database}`));
  }
});

test("a folder that is named is meant from where the command is given, and another database's is refused", async () => {
  await using folder = cliFolder();
  const file = join(folder.path, "app.db");
  folder.write(
    "taskwright.config.ts",
    configWith(`prismaBackend(await prismaOnSqlite(${JSON.stringify(file)}))`),
  );
  const { code } = await folder.run(["migrate", "--prisma", "database", "--json"]);
  expect(code).toBe(0);
  expect(readdirSync(join(folder.path, "database"))).toHaveLength(3);
  folder.write("database/migration_lock.toml", 'provider = "mysql"\n');
  const refused = await folder.run(["migrate", "--prisma", "database"]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("are for mysql, and this backend's are for sqlite");
});

test("a backend that makes its tables itself has nothing to write", async () => {
  await using folder = cliFolder(
    `export { server as default } from ${JSON.stringify(fixture("server.ts"))};\n`,
  );
  const { code, stdout } = await folder.run(["migrate", "--prisma"]);
  expect(code).toBe(0);
  expect(stdout).toContain("has nothing to migrate");
  expect(existsSync(join(folder.path, "prisma"))).toBe(false);
});
