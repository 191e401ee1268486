import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import type { CliIo } from "./cli-io.ts";
import { printTable, type TableColumn } from "./text-table.ts";

const COLUMNS: readonly TableColumn[] = [
  { title: "ID" },
  { title: "TASK", shrinks: true },
  { title: "QUEUE", dropOrder: 1 },
  { title: "ATTEMPTS", align: "right", dropOrder: 2 },
];
const ROWS = [
  ["a".repeat(36), "billing.reminders.sendSecondReminder", "default", "3"],
  ["b".repeat(36), "sendEmail", "emails", "12"],
];

function printed(
  terminal: { columns?: number; env?: CliIo["env"] } | null,
  rows: readonly string[][] = ROWS,
): string {
  const stdout = Object.assign(
    new PassThrough(),
    terminal === null ? {} : { isTTY: true, columns: terminal.columns ?? 80 },
  );
  const io = { stdout, env: terminal?.env ?? { NO_COLOR: "1" } } as unknown as CliIo;
  printTable(io, COLUMNS, rows);
  return String(stdout.read());
}

test("outside a terminal nothing is cut", () => {
  expect(printed(null).split("\n")).toEqual([
    `ID${" ".repeat(36)}TASK${" ".repeat(34)}QUEUE    ATTEMPTS`,
    `${"a".repeat(36)}  billing.reminders.sendSecondReminder  default         3`,
    `${"b".repeat(36)}  sendEmail                             emails         12`,
    "",
  ]);
});

test("a terminal that is wide enough shows all of it too", () => {
  expect(printed({ columns: 120 })).toBe(printed(null));
});

/** Columns that text takes in a terminal. */
function widthOf(text: string): number {
  return [...text].reduce((sum, character) => sum + ((character.codePointAt(0) ?? 0) > 0x3000 ? 2 : 1), 0);
}

test("a narrow terminal cuts long cells, and loses the least important columns before it cuts too much", () => {
  const seen = [80, 70, 60, 50].map((columns) => {
    const lines = printed({ columns }).split("\n");
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
    return [lines[0]?.split(/ +/).join(" "), lines[1]?.slice(38)];
  });
  expect(seen).toEqual([
    ["ID TASK QUEUE ATTEMPTS", "billing.reminders.send…  default         3"],
    ["ID TASK QUEUE", "billing.reminders.send…  default"],
    ["ID TASK", "billing.reminders.sen…"],
    ["ID TASK", "billing.rem…"],
  ]);
});

test("wide characters count as the two columns they take", () => {
  const label = "請求書を顧客に送信する請求書を顧客に送信する";
  const [, line = ""] = printed({ columns: 70 }, [["a".repeat(36), label, "default", "1"]]).split("\n");
  expect(line).toMatch(/^a{36} {2}請求書\S*… *default$/);
  expect(widthOf(line)).toBeLessThanOrEqual(70);
});

test("titles are bold in a terminal, unless NO_COLOR is set", () => {
  expect(printed({ env: {} })).toContain("\u001b[1mID");
  expect(printed({ env: { NO_COLOR: "1" } })).not.toContain("\u001b");
  expect(printed({ env: { TERM: "dumb" } })).not.toContain("\u001b");
});

test("cells cannot steer the terminal or break their line", () => {
  const text = printed(null, [["\u001b[31mid\u001b[0m", "two\nlines", "q\u0007", "1"]]);
  expect(text.split("\n")[1]).toBe("id  two lines  q             1");
});

test("where several columns may be cut, each is as wide as it can be, and all of it fits", () => {
  const columns = [{ title: "ID" }, { title: "TASK", shrinks: true }, { title: "CRON", shrinks: true }];
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 60 });
  const row = ["a".repeat(36), "billing.invoice", "0,15,30,45 8-18 * * MON-FRI"];
  printTable({ stdout, env: { NO_COLOR: "1" } } as unknown as CliIo, columns, [row]);
  expect(String(stdout.read()).split("\n")[1]).toBe(`${"a".repeat(36)}  billing.i…  0,15,30,4…`);
});
