import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../sqlite-store.ts";
import { mariadbRecipes } from "./mariadb-recipes.ts";
import { POSTGRES_PACKAGE, postgresRecipes } from "./postgres-recipes.ts";
import { redisRecipes, valkeyRecipes } from "./redis-recipes.ts";

function programs(folder: string, ...names: readonly string[]): string {
  for (const name of names) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "#!/bin/sh\n");
    chmodSync(file, 0o755);
  }
  return folder;
}

test.skipIf(process.platform === "win32")(
  "PostgreSQL: Debian's newest, then what is in PATH, then the npm package",
  () => {
    const folder = temporaryFolder();
    const debian = join(folder, "debian");
    for (const version of ["13", "9.6", "15", "14", "17"]) {
      programs(join(debian, version, "bin"), "initdb", "postgres");
    }
    programs(join(debian, "18", "bin"), "pg_dump");
    const clientsOnly = programs(join(folder, "clients"), "initdb");
    const inPath = programs(join(folder, "path"), "initdb", "postgres");
    const found = postgresRecipes({
      debian,
      path: [clientsOnly, inPath].join(delimiter),
      packageFolder: "/package",
    });
    expect(found.map(({ source }) => source)).toEqual([
      join(debian, "17", "bin"),
      join(debian, "15", "bin"),
      join(debian, "14", "bin"),
      inPath,
      `the npm package ${POSTGRES_PACKAGE}`,
    ]);
    expect(postgresRecipes({ debian: join(folder, "none"), path: "", packageFolder: null })).toEqual([]);
  },
);

test.skipIf(process.platform === "win32")(
  "MariaDB: the first folder that has it; a mysqld may be another's",
  () => {
    const folder = temporaryFolder();
    const system = programs(join(folder, "sbin"), "mariadbd");
    const other = programs(join(folder, "bin"), "mariadb-install-db", "mariadbd");
    expect(mariadbRecipes([system, other]).map(({ source }) => source)).toEqual([join(system, "mariadbd")]);
    expect(mariadbRecipes([system])).toEqual([]);
    const mysql = programs(join(folder, "mysql"), "mysqld", "mariadb-install-db");
    expect(mariadbRecipes([mysql])).toEqual([]);
  },
);

test.skipIf(process.platform === "win32")(
  "Redis: the first folder that has it, else Valkey; Valkey: nothing but Valkey",
  () => {
    const folder = temporaryFolder();
    const clients = programs(join(folder, "clients"), "redis-cli");
    const both = programs(join(folder, "both"), "valkey-server", "redis-server");
    const other = programs(join(folder, "other"), "redis-server");
    const sources = (found: ReturnType<typeof redisRecipes>) => found.map(({ source }) => source);
    const [redis, valkey] = [join(both, "redis-server"), join(both, "valkey-server")];
    expect(sources(redisRecipes({}, [clients, both, other]))).toEqual([redis, valkey]);
    expect(sources(valkeyRecipes({}, [clients, both, other]))).toEqual([valkey]);
    expect(valkeyRecipes({}, [other])).toEqual([]);
    expect(redisRecipes({}, [clients])).toEqual([]);
  },
);
