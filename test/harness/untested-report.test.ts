import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { formatUntested, REPORT_DIR_VARIABLE, readUntested, recordUntested } from "./untested-report.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "taskwright-report-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const entry = {
  subject: "postgres",
  reason: "nothing answers on 127.0.0.1:5432",
  untested: "the postgres backend",
  obtain: "install PostgreSQL",
};

test("what is recorded is read back, whatever it holds", () => {
  const awkward = { subject: "qstash", reason: 'says "no"\nand more', untested: "order — é" };
  recordUntested(entry, { [REPORT_DIR_VARIABLE]: folder });
  recordUntested(awkward, { [REPORT_DIR_VARIABLE]: folder });
  expect(readUntested(folder)).toEqual([entry, awkward]);
});

test("a run that left nothing out has an empty report, and says so", () => {
  expect(readUntested(folder)).toEqual([]);
  expect(formatUntested([])).toContain("No test was left out");
});

test("several processes append to one report without losing an entry", async () => {
  const module = fileURLToPath(new URL("./untested-report.ts", import.meta.url));
  const script = `
    const { recordUntested } = await import(${JSON.stringify(module)});
    for (let i = 0; i < 200; i += 1) recordUntested({ ...${JSON.stringify(entry)}, untested: "x".repeat(500) });
  `;
  const environment = { ...process.env, [REPORT_DIR_VARIABLE]: folder };
  const run = () =>
    promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { env: environment });
  await Promise.all([run(), run(), run()]);
  expect(readUntested(folder)).toHaveLength(600);
});

test("the printed list groups by subject and reason, counts alike tests and says how to get it", () => {
  const lacking = { subject: "qstash", reason: "QStash delivers in its own order", untested: "priority" };
  expect(formatUntested([lacking, entry, { ...entry }, { ...entry, untested: "LISTEN" }])).toBe(
    [
      "Not tested here, and why:",
      "",
      "  postgres: nothing answers on 127.0.0.1:5432.",
      "    left out: the postgres backend (2 tests)",
      "    left out: LISTEN",
      "    to get it: install PostgreSQL",
      "",
      "  qstash: QStash delivers in its own order.",
      "    left out: priority",
    ].join("\n"),
  );
});

test("many of one group are told as the group, a few by their names", () => {
  const lacking = { subject: "redis", reason: "has no transactions", group: "handlers" };
  const few = [1, 2].map((n) => ({ ...lacking, group: "clients", untested: `case ${n}` }));
  const many = [1, 2, 3].map((n) => ({ ...lacking, untested: `case ${n}` }));
  expect(formatUntested([...many, ...few])).toBe(
    [
      "Not tested here, and why:",
      "",
      "  redis: has no transactions.",
      "    left out: handlers (3 tests)",
      "    left out: clients: case 1",
      "    left out: clients: case 2",
    ].join("\n"),
  );
});
