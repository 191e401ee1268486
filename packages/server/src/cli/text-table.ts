import CliTable3 from "cli-table3";
import type { CliIo } from "./cli-io.ts";
import { painter, singleLine } from "./terminal-text.ts";

/** One column of a {@link printTable}. */
export interface TableColumn {
  readonly title: string;
  readonly align?: "left" | "right";
  /** In a terminal that is too narrow, the highest goes first. @default never */
  readonly dropOrder?: number;
  /** May be cut in a terminal that is too narrow. @default false */
  readonly shrinks?: boolean;
}

const GAP = 2;
const NARROWEST = 8;
const NO_LINES = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: " ".repeat(GAP),
};

interface Layout {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly string[])[];
  readonly widths: readonly (number | null)[];
}

function layOut(
  { columns, rows, widths }: Layout,
  paintTitle: (title: string) => string,
): { text: string; widths: number[] } {
  const table = new CliTable3({
    chars: NO_LINES,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    head: columns.map(({ title }) => paintTitle(title)),
    colAligns: columns.map(({ align }) => align ?? "left"),
    colWidths: [...widths],
  });
  for (const row of rows) table.push([...row]);
  const text = table.toString();
  // Laying out fills in the widths that were left open.
  return { text, widths: table.options.colWidths.map((width) => width ?? 0) };
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP * (widths.length - 1);
}

/** The column to leave out next, or -1 when all that is left must stay. */
function dropNext(columns: readonly TableColumn[]): number {
  const highest = Math.max(...columns.map(({ dropOrder }) => dropOrder ?? 0));
  return highest === 0 ? -1 : columns.findIndex(({ dropOrder }) => dropOrder === highest);
}

/** The widest column that may be cut, or -1. */
function widestOf(columns: readonly TableColumn[], widths: readonly number[]): number {
  return columns.reduce(
    (best, { shrinks }, index) =>
      shrinks === true && (widths[index] ?? 0) > (widths[best] ?? 0) ? index : best,
    -1,
  );
}

/** Takes from whichever column is the widest, while any is wider than it must be. */
function shrunkBy(
  overflow: number,
  columns: readonly TableColumn[],
  widths: readonly number[],
): readonly number[] {
  const shrunk = [...widths];
  for (let rest = overflow; rest > 0; rest--) {
    const widest = widestOf(columns, shrunk);
    const width = shrunk[widest] ?? 0;
    if (width <= NARROWEST) break;
    shrunk[widest] = width - 1;
  }
  return shrunk;
}

function fitted(columns: readonly TableColumn[], rows: readonly (readonly string[])[], room: number): Layout {
  const { widths } = layOut({ columns, rows, widths: columns.map(() => null) }, (title) => title);
  const overflow = totalOf(widths) - room;
  if (overflow <= 0) return { columns, rows, widths };
  const shrunk = (widths[widestOf(columns, widths)] ?? 0) - overflow;
  const dropped = dropNext(columns);
  if (dropped < 0 || shrunk >= NARROWEST * 2) {
    return { columns, rows, widths: shrunkBy(overflow, columns, widths) };
  }
  return fitted(
    columns.toSpliced(dropped, 1),
    rows.map((row) => row.toSpliced(dropped, 1)),
    room,
  );
}

/** Prints rows under titles: whole where the output is no terminal, fitted to the width of one. */
export function printTable(
  io: CliIo,
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
): void {
  const room = io.stdout.isTTY === true ? (io.stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
  const layout = fitted(
    columns,
    rows.map((row) => row.map((cell) => singleLine(cell))),
    room,
  );
  const paint = painter(io.stdout, io.env);
  const { text } = layOut(layout, (title) => paint("bold", title));
  io.stdout.write(
    `${text
      .split("\n")
      .map((line) => line.trimEnd())
      .join("\n")}\n`,
  );
}
