import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PrismaLibSql } from "@prisma/adapter-libsql";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import * as engine from "@prisma/schema-engine-wasm/schema_engine_bg";

/** A database that the engine of Prisma Migrate can be run on without its binary. */
export type EngineTarget =
  | { readonly provider: "postgresql"; readonly url: string; readonly schema: string }
  | { readonly provider: "sqlite"; readonly file: string };

const NO_FILTERS = { externalTables: [], externalEnums: [] };

let loading: Promise<void> | null = null;

/** Node cannot import WebAssembly as its package wants it to. */
async function load(): Promise<void> {
  const entry = fileURLToPath(import.meta.resolve("@prisma/schema-engine-wasm"));
  const bytes = readFileSync(join(entry, "../schema_engine_bg.wasm"));
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: () => {} } });
  const { instance } = await WebAssembly.instantiate(bytes, { "./schema_engine_bg.js": engine as never });
  engine.__wbg_set_wasm(instance.exports);
  (instance.exports as { __wbindgen_start(): void }).__wbindgen_start();
}

function withDatasource(provider: string, models: string): string {
  return `datasource db {\n  provider = "${provider}"\n}\n${models}`;
}

/** The engine quotes a text as a name, which its own SQLite takes for a text and libsql does not. */
function describable(factory: PrismaLibSql): PrismaLibSql {
  const connect = factory.connect.bind(factory);
  factory.connect = async () => {
    const adapter = await connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = (query) =>
      queryRaw({ ...query, sql: query.sql.replace(/ name = "(\w+)"/, " name = '$1'") });
    return adapter;
  };
  return factory;
}

async function open(target: EngineTarget, models: string): Promise<engine.SchemaEngine> {
  loading ??= load();
  await loading;
  const factory =
    target.provider === "sqlite"
      ? describable(new PrismaLibSql({ url: `file:${target.file}` }))
      : new PrismaPg(
          { connectionString: target.url, options: `-c search_path=${target.schema}` },
          { schema: target.schema },
        );
  return engine.SchemaEngine.new(
    { datamodels: [["schema.prisma", withDatasource(target.provider, models)]] },
    () => {},
    bindMigrationAwareSqlAdapterFactory(factory),
  );
}

/** The SQL by which Prisma would make the tables of models. */
export async function sqlOfModels(target: EngineTarget, models: string): Promise<string> {
  const opened = await open(target, models);
  const { stdout } = await opened.diff({
    from: { tag: "empty" },
    to: {
      tag: "schemaDatamodel",
      files: [{ path: "schema.prisma", content: withDatasource(target.provider, models) }],
    },
    script: true,
    exitCode: null,
    filters: NO_FILTERS,
  } as never);
  return stdout ?? "";
}

/** The SQL by which Prisma would change the database to be as models say, but for tables that it is told are not its own. */
export async function sqlOfDrift(
  target: EngineTarget,
  models: string,
  externalTables: readonly string[],
): Promise<string> {
  const opened = await open(target, models);
  const files = [{ path: "schema.prisma", content: withDatasource(target.provider, models) }];
  const { stdout } = await opened.diff({
    from: { tag: "schemaDatasource", files, configDir: "." },
    to: { tag: "schemaDatamodel", files },
    script: true,
    exitCode: null,
    filters: { externalTables, externalEnums: [] },
  } as never);
  return stdout ?? "";
}

/** Does what `prisma migrate deploy` does with a folder of migrations; gives the names of those it has run. */
export async function deploy(target: EngineTarget, folder: string): Promise<readonly string[]> {
  const opened = await open(target, "");
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const { appliedMigrationNames } = await opened.applyMigrations({
    migrationsList: {
      baseDir: folder,
      lockfile: {
        path: "migration_lock.toml",
        content: readFileSync(join(folder, "migration_lock.toml"), "utf8"),
      },
      shadowDbInitScript: "",
      migrationDirectories: names
        .map(({ name }) => name)
        .sort()
        .map((path) => ({
          path,
          migrationFile: {
            path: "migration.sql",
            content: { tag: "ok", value: readFileSync(join(folder, path, "migration.sql"), "utf8") },
          },
        })),
    },
    filters: NO_FILTERS,
  } as never);
  return appliedMigrationNames;
}
