import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { WrittenMigrations } from "../backend/index.ts";
import { missingMigrations, writeMigration } from "./prisma-migrations.ts";

const AT = new Date("2031-02-03T23:05:06.789-02:00");
const WRITTEN: WrittenMigrations = {
  provider: "sqlite",
  migrations: [
    { name: "0001_tasks", statements: ["CREATE TABLE a (id INTEGER)", "INSERT INTO v VALUES (1)"] },
    { name: "0002_more", statements: ["INSERT INTO v VALUES (2)"] },
  ],
};
const FACTS = { backend: "default", at: AT };

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "taskwright-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "prisma", "migrations");
}

test("each migration is a folder of its own, named by UTC, and the lock file says which database", () => {
  const folder = aFolder();
  for (const file of missingMigrations(folder, WRITTEN, FACTS)) writeMigration(file);
  expect(readdirSync(folder).sort()).toEqual([
    "20310204010506_taskwright_0001_tasks",
    "20310204010506_taskwright_0002_more",
    "migration_lock.toml",
  ]);
  expect(readFileSync(join(folder, "migration_lock.toml"), "utf8")).toContain('\nprovider = "sqlite"\n');
  expect(readFileSync(join(folder, "20310204010506_taskwright_0001_tasks/migration.sql"), "utf8")).toBe(
    "-- Made by `taskwright migrate --prisma`.\n\nCREATE TABLE a (id INTEGER);\n\nINSERT INTO v VALUES (1);\n",
  );
});

test("what is there already, at whatever time, is not written again", () => {
  const folder = aFolder();
  mkdirSync(join(folder, "20200101000000_taskwright_0001_tasks"), { recursive: true });
  mkdirSync(join(folder, "20200102000000_my_0002_more"));
  writeFileSync(join(folder, "migration_lock.toml"), 'provider = "sqlite"\n');
  const missing = missingMigrations(folder, WRITTEN, FACTS);
  expect(missing.map(({ path }) => path)).toEqual([
    join(folder, "20310204010506_taskwright_0002_more", "migration.sql"),
  ]);
  for (const file of missing) writeMigration(file);
  expect(missingMigrations(folder, WRITTEN, FACTS)).toEqual([]);
});

test("the migrations of several backends stand side by side", () => {
  const folder = aFolder();
  for (const file of missingMigrations(folder, WRITTEN, FACTS)) writeMigration(file);
  const missing = missingMigrations(folder, WRITTEN, { ...FACTS, backend: "bulk" });
  expect(missing.map(({ path }) => path)).toEqual([
    join(folder, "20310204010506_taskwright_bulk_0001_tasks", "migration.sql"),
    join(folder, "20310204010506_taskwright_bulk_0002_more", "migration.sql"),
  ]);
});

test("a folder of another database's migrations is refused", () => {
  const folder = aFolder();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "migration_lock.toml"), 'provider = "postgresql"\n');
  expect(() => missingMigrations(folder, WRITTEN, FACTS)).toThrow(
    "are for postgresql, and this backend's are for sqlite",
  );
});
