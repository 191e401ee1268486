// Reads contacts from a CSV file. A row that cannot be used is set apart with its line and the reason; a file that
// cannot be used at all throws UnusableFileError.
import { readFile } from "node:fs/promises";
import { csvRows, type RowLook } from "./csv-rows.ts";
import { type Contact, contact } from "./tasks.ts";

const COLUMNS = ["email", "name", "subject", "body"] as const;

export interface ContactRow {
  readonly line: number;
  readonly contact: Contact;
}

export interface BadRow {
  readonly line: number;
  readonly reason: string;
}

export interface ContactFile {
  readonly rows: readonly ContactRow[];
  readonly badRows: readonly BadRow[];
}

/** The file as a whole cannot be used; the message says why. */
export class UnusableFileError extends Error {
  override readonly name = "UnusableFileError";
}

export async function readContacts(file: string): Promise<ContactFile> {
  return parseContacts(decode(await readBytes(file)));
}

export function parseContacts(text: string): ContactFile {
  let header: Header | undefined;
  const rows: ContactRow[] = [];
  const badRows: BadRow[] = [];
  const look: RowLook = {
    isRow: (line) => header?.fits(line) ?? false,
    hasTooFewColumns: (cells) => header?.hasMoreColumnsThan(cells) ?? false,
    isUsable: (cells) => typeof header?.readContact(cells) === "object",
  };
  for (const row of csvRows(text, look)) {
    if (header === undefined) {
      if ("problem" in row)
        throw new UnusableFileError(`The header (line ${row.line}) is broken: ${row.problem}.`);
      header = new Header(row.cells);
    } else {
      const read = "problem" in row ? row.problem : header.readContact(row.cells);
      if (typeof read === "string") badRows.push({ line: row.line, reason: read });
      else rows.push({ line: row.line, contact: read });
    }
  }
  if (header === undefined) throw new UnusableFileError("The file is empty.");
  if (rows.length + badRows.length === 0) throw new UnusableFileError("The file has a header and no rows.");
  return { rows, badRows };
}

/** Knows which column holds what. */
class Header {
  readonly #width: number;
  readonly #columns: Readonly<Record<(typeof COLUMNS)[number], number>>;

  constructor(cells: readonly string[]) {
    const names = cells.map((cell) => cell.trim().toLowerCase());
    const missing = COLUMNS.filter((name) => !names.includes(name));
    const twice = COLUMNS.filter((name) => names.indexOf(name) !== names.lastIndexOf(name));
    const found = `The header has ${names.map((name) => JSON.stringify(name.slice(0, 40))).join(", ")}.`;
    if (missing.length > 0) {
      const how = cells.some((cell) => cell.includes(";"))
        ? "it has semicolons: save the file with commas between its columns"
        : "columns are separated by commas";
      throw new UnusableFileError(`The header lacks ${missing.join(", ")}; ${how}. ${found}`);
    }
    if (twice.length > 0) throw new UnusableFileError(`The header has ${twice.join(", ")} twice. ${found}`);
    this.#width = names.length;
    this.#columns = {
      email: names.indexOf("email"),
      name: names.indexOf("name"),
      subject: names.indexOf("subject"),
      body: names.indexOf("body"),
    };
  }

  /** Gives the contact, or the reason why there is none. */
  readContact(cells: readonly string[]): Contact | string {
    if (cells.length !== this.#width) {
      return `${cells.length} ${cells.length === 1 ? "column" : "columns"} where the header has ${this.#width}`;
    }
    const cell = (name: keyof Contact) => cells[this.#columns[name]] ?? "";
    const parsed = contact.safeParse({
      email: trimSpaces(cell("email")),
      name: trimSpaces(cell("name")),
      subject: trimSpaces(cell("subject")),
      body: cell("body"),
    });
    return parsed.success ? parsed.data : parsed.error.issues.map((issue) => issue.message).join("; ");
  }

  hasMoreColumnsThan(cells: readonly string[]): boolean {
    return this.#width > cells.length;
  }

  /** Whether a line, taken alone, has enough columns and an address in the right one. */
  fits(line: string): boolean {
    const cells = line.split(",");
    const email = cells[this.#columns.email]?.replaceAll('"', "").trim();
    return cells.length >= this.#width && contact.shape.email.safeParse(email).success;
  }
}

/** Line breaks stay: in a header field they are an error to report, not blanks to drop. */
function trimSpaces(text: string): string {
  return text.replace(/^[^\S\r\n]+|[^\S\r\n]+$/g, "");
}

async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: "there is no such file",
      EISDIR: "it is a folder",
      EACCES: "this user may not read it",
    };
    throw new UnusableFileError(`Cannot read ${file}: ${reasons[code ?? ""] ?? message}.`, { cause: error });
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    const readable = new TextDecoder().decode(bytes);
    const line = readable.slice(0, readable.indexOf("\uFFFD")).split("\n").length;
    const message = `The file is not UTF-8 text: see line ${line}. Spreadsheets save it as "CSV UTF-8".`;
    throw new UnusableFileError(message, { cause: error });
  }
}
