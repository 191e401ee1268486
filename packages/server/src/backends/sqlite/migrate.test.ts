import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { migrate, readVersion } from "./migrate.ts";
import { MIGRATIONS } from "./migrations/index.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "taskwright-"));
  file = join(folder, "taskwright.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A connection beside which something happens after its first read. */
function withInterruption(db: DatabaseSync, happen: () => void): DatabaseSync {
  let isDone = false;
  const wrap = (statement: StatementSync): StatementSync =>
    new Proxy(statement, {
      get: (target, name) => {
        if (name !== "get") return Reflect.get(target, name, target);
        return () => {
          const row = target.get();
          if (!isDone) happen();
          isDone = true;
          return row;
        };
      },
    });
  return new Proxy(db, {
    get: (target, name) =>
      name === "prepare" ? (sql: string) => wrap(target.prepare(sql)) : Reflect.get(target, name, target),
  });
}

describe("the version of a file", () => {
  it("can be read while another process makes the tables", () => {
    const [reader, maker] = [new DatabaseSync(file), new DatabaseSync(file)];
    try {
      const place = { file, prefix: "taskwright_", isShared: false };
      reader.exec("PRAGMA journal_mode = WAL");
      const seen = readVersion(
        withInterruption(reader, () => migrate(maker, place)),
        place,
      );
      expect(seen).toBe(0);
      expect(readVersion(reader, place)).toBe(MIGRATIONS.length);
    } finally {
      reader.close();
      maker.close();
    }
  });
});
