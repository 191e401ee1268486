import { expect, test } from "vitest";
import {
  aPostgresTask,
  claimAll,
  freshSchema,
  openMigrated,
  runSql,
} from "../../../../../test/harness/postgres-store.ts";
import { NOW, refusal, succeed } from "../../../../../test/harness/sqlite-store.ts";
import { postgresBackend } from "./index.ts";

test.for(["Select_", "user", "_", "T".repeat(40), "TaskWright"])(
  "tables may be named %s…",
  async (tablePrefix, context) => {
    const place = await freshSchema(context);
    const backend = await openMigrated(postgresBackend({ ...place, tablePrefix }));
    // Another backend's tables beside them do not get mixed up with them.
    await openMigrated(postgresBackend(place));
    const task = aPostgresTask({ tags: ["a"], parentId: "p", deduplication: { key: "one", until: NOW + 1 } });
    await backend.store.enqueue({ tasks: [task], atomic: true, now: NOW });
    const [claimed] = await claimAll(backend);
    if (claimed === undefined) throw new Error("Nothing was claimed.");
    await succeed(backend, claimed);
    const filter = { tag: "a", statuses: ["SUCCESSFUL"] as const };
    const page = await backend.inspector?.list({ filter, cursor: null, offset: 0, limit: 10 });
    expect(page?.records.map(({ id }) => id)).toEqual([task.id]);
    const tables = await runSql(
      place,
      `SELECT tablename FROM pg_tables WHERE schemaname = '${place.schema}'`,
    );
    expect(tables.map(({ tablename }) => tablename)).toContain(`${tablePrefix}task`);
    expect(tables).toHaveLength(24);
  },
);

test.for(["Select", "Order", "tw_MiXeD"])("the schema may be named %s", async (name, context) => {
  const place = await freshSchema(context);
  // Of its own, as other test files may use the same name.
  const schema = `${name}_${place.schema.slice(-12)}`;
  await runSql(place, `ALTER SCHEMA "${place.schema}" RENAME TO "${schema}"`);
  try {
    const backend = postgresBackend({ url: place.url, schema });
    await backend.schema?.migrate();
    expect(await backend.schema?.pending()).toEqual([]);
    await backend.open();
    await backend.store.enqueue({ tasks: [aPostgresTask()], atomic: true, now: NOW });
    expect(await claimAll(backend)).toHaveLength(1);
    await backend.close();
  } finally {
    await runSql(place, `DROP SCHEMA "${schema}" CASCADE`);
  }
});

test("tables without a schema go where the search path says", async (context) => {
  const place = await freshSchema(context);
  const url = new URL(place.url);
  url.searchParams.set("options", `-c search_path=${place.schema}`);
  const backend = await openMigrated(postgresBackend({ url: url.href, tablePrefix: "" }));
  await backend.store.enqueue({ tasks: [aPostgresTask()], atomic: true, now: NOW });
  expect(await claimAll(backend)).toHaveLength(1);
  const tables = await runSql(place, `SELECT 1 FROM pg_tables WHERE schemaname = '${place.schema}'`);
  expect(tables).toHaveLength(12);
});

test("a schema that is not there is told of", async (context) => {
  const { url } = await freshSchema(context);
  const backend = postgresBackend({ url, schema: "not_there" });
  expect(await refusal(() => backend.open())).toMatchObject({ code: "BACKEND_INCOMPATIBLE" });
  expect(await refusal(() => backend.schema?.migrate())).toMatchObject({
    code: "BACKEND_INCOMPATIBLE",
    message: "PostgreSQL: there is no such schema; create it first, CREATE SCHEMA … (3F000).",
  });
  await backend.close();
});

test.for<[string, unknown]>([
  ["a quote", 'a"b'],
  ["a dot", "a.b"],
  ["a space", "a b"],
  ["a semicolon", "a;DROP"],
  ["a digit first", "1a"],
  ["no ASCII", "é"],
  ["a NUL", "a\0"],
  ["a newline at its end", "a\n"],
  ["more than 40 characters", "a".repeat(41)],
  ["no text at all", 7],
  ["null", null],
])("a prefix or schema with %s is refused", async ([, name]) => {
  const url = "postgresql://localhost/app";
  for (const option of ["tablePrefix", "schema"]) {
    expect(await refusal(() => postgresBackend({ url, [option]: name }))).toMatchObject({
      code: "INVALID_OPTION",
      data: { option },
    });
  }
});

test("an empty schema is refused", async () => {
  const options = { url: "postgresql://localhost/app", schema: "" };
  expect(await refusal(() => postgresBackend(options))).toMatchObject({ code: "INVALID_OPTION" });
});
