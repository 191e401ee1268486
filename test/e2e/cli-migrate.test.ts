import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { onPostgres } from "../harness/postgres-schema.ts";
import { findService, skipUnlessFound } from "../harness/services.ts";
import { cliFolder, fixture, projectFolder } from "./fixtures/cli/cli-process.ts";

const service = await findService("postgres");

function configOn(url: string, schema: string): string {
  return `
  import { createTaskServer } from ${JSON.stringify(import.meta.resolve("@taskwright/server"))};
  import { postgresBackend } from ${JSON.stringify(import.meta.resolve("@taskwright/server/postgres"))};
  import { tasks } from ${JSON.stringify(fixture("tasks.ts"))};
  export default createTaskServer({
    tasks,
    backend: postgresBackend({ url: ${JSON.stringify(url)}, schema: ${JSON.stringify(schema)} }),
    only: [],
    handlers: {},
  });`;
}

test("migrate says which backends make their tables themselves", async () => {
  await using folder = projectFolder();
  const { code, stdout } = await folder.run(["migrate"]);
  expect(code).toBe(0);
  expect(stdout).toBe(
    [
      "-- default (sqlite) has nothing to migrate: what it needs it makes when it opens.\n",
      "-- bulk (sqlite) has nothing to migrate: what it needs it makes when it opens.\n",
    ].join(""),
  );
});

test("a database is refused until it is migrated; --dry-run prints the SQL that does it", async (context) => {
  skipUnlessFound(context, service, "taskwright migrate");
  const schema = `tw_cli_${randomBytes(6).toString("hex")}`;
  const { location: url } = service;
  await onPostgres(url, (client) => client.query(`CREATE SCHEMA "${schema}"`));
  try {
    await using folder = cliFolder(configOn(url, schema));
    const refused = await folder.run(["status"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("Run `taskwright migrate`.");
    const dry = await folder.run(["migrate", "--dry-run"]);
    expect(dry.stdout).toContain(`CREATE TABLE "${schema}"."taskwright_task"`);
    expect((await folder.run(["status"])).code).toBe(1);
    const { stdout } = await folder.run(["migrate"]);
    expect(stdout).toMatch(/^-- default \(postgres\): \d+ statements run, up to date now\.\n$/);
    expect((await folder.run(["migrate"])).stdout).toBe("-- default (postgres) is up to date.\n");
    expect((await folder.run(["status"])).code).toBe(0);
    // What was printed is what was run.
    await onPostgres(url, async (client) => {
      await client.query(`DROP SCHEMA "${schema}" CASCADE; CREATE SCHEMA "${schema}"`);
      await client.query(dry.stdout);
    });
    expect((await folder.run(["status"])).code).toBe(0);
    await onPostgres(url, (client) =>
      client.query(`INSERT INTO "${schema}"."taskwright_version" (version) VALUES (99)`),
    );
    const newer = await folder.run(["status"]);
    expect(newer.code).toBe(1);
    expect(newer.stderr).toContain("A newer version has made them: update this one.");
  } finally {
    await onPostgres(url, (client) => client.query(`DROP SCHEMA "${schema}" CASCADE`));
  }
});

test("processes that migrate at once make the tables once", async (context) => {
  skipUnlessFound(context, service, "taskwright migrate");
  const schema = `tw_cli_${randomBytes(6).toString("hex")}`;
  const { location: url } = service;
  await onPostgres(url, (client) => client.query(`CREATE SCHEMA "${schema}"`));
  try {
    await using folder = cliFolder(configOn(url, schema));
    const ends = await Promise.all([1, 2, 3].map(() => folder.run(["migrate"])));
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(ends.filter(({ stdout }) => stdout.includes("statements run"))).toHaveLength(1);
  } finally {
    await onPostgres(url, (client) => client.query(`DROP SCHEMA "${schema}" CASCADE`));
  }
});
