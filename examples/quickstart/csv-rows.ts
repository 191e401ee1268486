// Splits CSV text into rows so that one broken row costs nobody else. csv-parse knows CSV, but a quote that is never
// closed makes it, like every CSV reader, swallow all that follows; so it gets one row at a time.
import { CsvError, parse } from "csv-parse/sync";

export type CsvRow =
  | { readonly line: number; readonly cells: readonly string[] }
  | { readonly line: number; readonly problem: string };

const NOT_CLOSED = "a quote is opened here and not closed";
const PROBLEMS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: NOT_CLOSED,
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: "a quoted field goes on after its closing quote",
  INVALID_OPENING_QUOTE: "a quote inside a field that does not begin with one",
};

/**
 * Yields each row with the line it begins on; blank lines are passed over.
 *
 * @param isRow tells whether a single line looks like a whole row: a "row" that contains one has swallowed it
 */
export function* csvRows(text: string, isRow: (line: string) => boolean): Generator<CsvRow> {
  const lines = text.split(text.includes("\n") ? /\r?\n/ : "\r");
  for (let at = 0; at < lines.length; ) {
    const rowLines = takeRow(lines, at);
    const row = parseRow(rowLines, at + 1, isRow);
    if (row !== undefined) yield row;
    at += row !== undefined && "problem" in row ? 1 : rowLines.length;
  }
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

function parseRow(
  lines: readonly string[],
  line: number,
  isRow: (line: string) => boolean,
): CsvRow | undefined {
  try {
    const [cells] = parse(lines.join("\n"), { recordDelimiter: "\n", relaxColumnCount: true, trim: true });
    if (cells === undefined) return undefined;
    return lines.slice(1).some(isRow) ? { line, problem: NOT_CLOSED } : { line, cells };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return { line, problem: lines.length > 1 ? NOT_CLOSED : (PROBLEMS[error.code] ?? "broken quoting") };
  }
}
