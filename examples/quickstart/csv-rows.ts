// Splits CSV text into rows so that one broken row costs nobody else. csv-parse knows CSV, but a quote that is never
// closed makes it, like every CSV reader, swallow all that follows; so it gets one row at a time.
import { CsvError, parse } from "csv-parse/sync";

export type CsvRow =
  | { readonly line: number; readonly cells: readonly string[] }
  | {
      readonly line: number;
      readonly problem: string;
      /** Whether the next line begins another row. */
      readonly isOneLine: boolean;
    };

const NOT_CLOSED = "a quote is opened here and not closed";
const PROBLEMS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: NOT_CLOSED,
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: "a quoted field goes on after its closing quote",
  INVALID_OPENING_QUOTE: "a quote inside a field that does not begin with one",
};

/** What is known of the rows of a file. */
export interface RowLook {
  /** Whether a single line, taken alone, looks like a whole row. */
  isRow(line: string): boolean;
  hasTooFewColumns(cells: readonly string[]): boolean;
  isUsable(cells: readonly string[]): boolean;
}

/**
 * Yields each row with the line it begins on; blank lines are passed over.
 *
 * A quoted text may well hold a line that looks like a row, and is then no less a text: nobody is written to because of
 * what stands in a mail to someone else. Where it is not sure that the quotes are right, none of it is used.
 */
export function* csvRows(text: string, look: RowLook): Generator<CsvRow> {
  const lines = text.split(text.includes("\n") ? /\r?\n/ : "\r");
  for (let at = 0; at < lines.length; ) {
    const rowLines = takeRow(lines, at);
    const row = judged(parseRow(rowLines, at + 1), rowLines, look, () =>
      isBrokenAt(lines, at + rowLines.length),
    );
    if (row !== undefined) yield row;
    at += row !== undefined && "problem" in row && row.isOneLine ? 1 : rowLines.length;
  }
}

/** The row, or what speaks against it when it holds lines that look like rows of their own. */
function judged(
  row: CsvRow | undefined,
  rowLines: readonly string[],
  look: RowLook,
  isNextBroken: () => boolean,
): CsvRow | undefined {
  if (row === undefined || "problem" in row || !rowLines.slice(1).some((line) => look.isRow(line)))
    return row;
  const { line, cells } = row;
  // The quote has taken in the commas of its own row; so it was not meant to go on.
  if (look.hasTooFewColumns(cells)) return { line, problem: NOT_CLOSED, isOneLine: true };
  if (look.isUsable(cells) && !isNextBroken()) return row;
  const problem = `a quote opened here takes in what looks like other rows, up to line ${line + rowLines.length - 1}, and none of it is used`;
  return { line, problem, isOneLine: false };
}

/** Whether the first row from here on is broken, as it is when the quotes before it were paired wrongly. */
function isBrokenAt(lines: readonly string[], start: number): boolean {
  for (let at = start; at < lines.length; at++) {
    const row = parseRow(takeRow(lines, at), at + 1);
    if (row !== undefined) return "problem" in row;
  }
  return false;
}

/** The lines up to the one where every quote has a partner; up to the last one if none is like that. */
function takeRow(lines: readonly string[], start: number): readonly string[] {
  let open = false;
  for (let at = start; at < lines.length; at++) {
    const quotes = lines[at]?.match(/"/g)?.length ?? 0;
    if (quotes % 2 === 1) open = !open;
    if (!open) return lines.slice(start, at + 1);
  }
  return lines.slice(start);
}

function parseRow(lines: readonly string[], line: number): CsvRow | undefined {
  try {
    const [cells] = parse(lines.join("\n"), { recordDelimiter: "\n", relaxColumnCount: true, trim: true });
    return cells === undefined ? undefined : { line, cells };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const problem = lines.length > 1 ? NOT_CLOSED : (PROBLEMS[error.code] ?? "broken quoting");
    return { line, problem, isOneLine: true };
  }
}
