import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ContactFile, parseContacts, readContacts, UnusableFileError } from "./read-contacts.ts";

const HEADER = "email,name,subject,body";

function read(...lines: readonly string[]): ContactFile {
  return parseContacts([HEADER, ...lines].join("\n"));
}

function emails({ rows }: ContactFile): readonly string[] {
  return rows.map((row) => row.contact.email);
}

function badLines({ badRows }: ContactFile): readonly number[] {
  return badRows.map((row) => row.line);
}

describe("the file that ships with the quickstart", () => {
  test("has 200 different usable contacts, with example addresses only", async () => {
    const { rows, badRows } = await readContacts(join(import.meta.dirname, "contacts.csv"));
    expect(badRows).toEqual([]);
    expect(new Set(rows.map((row) => row.contact.email)).size).toBe(200);
    expect(rows.filter((row) => !/@example\.(com|org|net)$/.test(row.contact.email))).toEqual([]);
  });
});

describe("the header", () => {
  test.each([
    ["in another order", "body,subject,name,email", "Text,Hi,Ann,ann@example.com"],
    ["in capitals and with spaces", " Email ,NAME, Subject,body ", "ann@example.com,Ann,Hi,Text"],
    ["with columns of no interest", "id,email,name,phone,subject,body", "7,ann@example.com,Ann,123,Hi,Text"],
    ["quoted", '"email","name","subject","body"', "ann@example.com,Ann,Hi,Text"],
    ["after a byte order mark", "\uFEFFemail,name,subject,body", "ann@example.com,Ann,Hi,Text"],
    ["after blank lines", "\n\nemail,name,subject,body", "ann@example.com,Ann,Hi,Text"],
  ])("may come %s", (_, header, row) => {
    const { rows, badRows } = parseContacts(`${header}\n${row}\n`);
    expect(badRows).toEqual([]);
    expect(rows.map(({ contact }) => contact)).toEqual([
      { email: "ann@example.com", name: "Ann", subject: "Hi", body: "Text" },
    ]);
  });

  test.each([
    [
      "lacks a column",
      "email,name,body",
      'lacks subject; columns are separated by commas. The header has "email"',
    ],
    ["is separated by semicolons", "email;name;subject;body", "it has semicolons: save the file with commas"],
    ["names a column twice", "email,name,Email,subject,body", "has email twice"],
    ["has a quote that is not closed", '"email,name,subject,body', "The header (line 1) is broken"],
  ])("makes the file unusable when it %s", (_, header, message) => {
    const parse = () => parseContacts(`${header}\nann@example.com,Ann,Hi,Text\n`);
    expect(parse).toThrow(UnusableFileError);
    expect(parse).toThrow(message);
  });
});

describe("usable rows", () => {
  test("may have quoted commas, doubled quotes and line breaks; the line is the one a row begins on", () => {
    const { rows } = read(
      'ann@example.com,"Lee, Ann","He said ""hi""","One',
      "",
      'three"',
      "bob@example.com,Bob,Hi,Text",
    );
    expect(rows).toEqual([
      {
        line: 2,
        contact: {
          email: "ann@example.com",
          name: "Lee, Ann",
          subject: 'He said "hi"',
          body: "One\n\nthree",
        },
      },
      { line: 5, contact: { email: "bob@example.com", name: "Bob", subject: "Hi", body: "Text" } },
    ]);
  });

  test.each([
    ["CRLF", "\r\n"],
    ["CR alone", "\r"],
  ])("may end in %s", (_, newline) => {
    const text = [HEADER, 'ann@example.com,Ann,Hi,"One', 'two"', "bob@example.com,Bob,Hi,Text", ""].join(
      newline,
    );
    const { rows, badRows } = parseContacts(text);
    expect(badRows).toEqual([]);
    expect(rows.map(({ line, contact }) => [line, contact.body])).toEqual([
      [2, "One\ntwo"],
      [4, "Text"],
    ]);
  });

  test("may be separated by blank lines, which count as lines", () => {
    expect(read("", "ann@example.com,Ann,Hi,Text", "", "bob,Bob,Hi,Text")).toMatchObject({
      rows: [{ line: 3 }],
      badRows: [{ line: 5 }],
    });
  });

  test("may have spaces around cells and quotes", () => {
    expect(read(' ann@example.com , "Lee, Ann" ," Hi ",Text')).toMatchObject({
      rows: [{ contact: { email: "ann@example.com", name: "Lee, Ann", subject: "Hi", body: "Text" } }],
      badRows: [],
    });
  });

  test("may lack a name, a subject and a body", () => {
    expect(emails(read("ann@example.com,,,"))).toEqual(["ann@example.com"]);
  });
});

describe("bad rows are reported by line and cost no other row", () => {
  test.each([
    ["without an address", ",Bad,Hi,Text", "no address"],
    ["with a blank address", "  ,Bad,Hi,Text", "no address"],
    ["with an invalid address", "bad@,Bad,Hi,Text", 'not an e-mail address: "bad@"'],
    ["with two addresses", '"a@example.com, b@example.com",Bad,Hi,Text', "not an e-mail address"],
    ["with too few columns", "bad@example.com,Bad,Hi", "3 columns where the header has 4"],
    ["with too many columns", "bad@example.com,Bad,Hi,Text,more", "5 columns where the header has 4"],
    ["with one column", "bad@example.com", "1 column where the header has 4"],
    [
      "with text after a closing quote",
      'bad@example.com,"Bad" Boy,Hi,Text',
      "goes on after its closing quote",
    ],
    [
      "with a quote inside an unquoted field",
      'bad@example.com,Bad,27" screen and 24" screen,Text',
      "a quote inside a field",
    ],
    [
      "with an endless subject",
      `bad@example.com,Bad,${"x".repeat(501)},Text`,
      "the subject is longer than 500 characters",
    ],
    [
      "with a carriage return in the subject",
      "bad@example.com,Bad,Hi\rBcc: x@example.com,Text",
      "the subject contains a line break",
    ],
  ])("%s", (_, bad, reason) => {
    const file = read("ann@example.com,Ann,Hi,Text", bad, "bob@example.com,Bob,Hi,Text");
    expect(emails(file)).toEqual(["ann@example.com", "bob@example.com"]);
    expect(file.badRows).toEqual([{ line: 3, reason: expect.stringContaining(reason) }]);
  });

  test.each([
    ["address", '"bad@example.com\nBcc: x@example.com",Bad,Hi,Text', "not an e-mail address"],
    ["name", 'bad@example.com,"Bad\nBcc: x@example.com",Hi,Text', "the name contains a line break"],
    ["subject", 'bad@example.com,Bad,"Hi\r\nBcc: x@example.com",Text', "the subject contains a line break"],
    ["end of the subject", 'bad@example.com,Bad,"Hi\n",Text', "the subject contains a line break"],
  ])("with a line break in the %s", (_, bad, reason) => {
    const file = read(bad, "bob@example.com,Bob,Hi,Text");
    expect(emails(file)).toEqual(["bob@example.com"]);
    expect(file.badRows).toEqual([{ line: 2, reason: expect.stringContaining(reason) }]);
  });

  test("with too many columns and several lines, once", () => {
    const file = read('bad@example.com,Bad,Hi,"One', 'two",more', "bob@example.com,Bob,Hi,Text");
    expect(emails(file)).toEqual(["bob@example.com"]);
    expect(badLines(file)).toEqual([2]);
  });

  test("with several faults, all of which are named", () => {
    const { badRows } = read('bad,"A\nB","C\nD",Text');
    expect(badRows[0]?.reason).toMatch(/not an e-mail address.*the name.*the subject/);
  });
});

describe("a quote that is not closed is reported at its line, and reading goes on at the next", () => {
  test.each([
    ["up to the end of the file", ["bob@example.com,Bob,Hi,Text"]],
    ["before a row with quotes", ['bob@example.com,"Bob, Jr",Hi,Text']],
    ["before a row that begins with a quote", ['"bob@example.com","Bob","Hi","Text"']],
    ["before a row with an empty quoted field", ['bob@example.com,"",Hi,Text']],
    ["before a row with many lines", ['bob@example.com,Bob,Hi,"One', "", 'two, ""three"""']],
  ])("%s", (_, next) => {
    for (const broken of [
      'bad@example.com,Bad,Hi,"Text',
      'bad@example.com,"Bad,Hi,Text',
      '"bad@example.com,Bad,Hi,Text',
    ]) {
      const file = read("ann@example.com,Ann,Hi,Text", broken, ...next);
      expect(emails(file)).toEqual(["ann@example.com", "bob@example.com"]);
      expect(file.badRows).toEqual([{ line: 3, reason: "a quote is opened here and not closed" }]);
    }
  });

  test.each(['bad@example.com,"Bad,Hi,Text', '"bad@example.com,Bad,Hi,Text'])(
    "before a row that closes it by accident: %s",
    (broken) => {
      const file = read(broken, 'bob@example.com,Bob,Hi,"', 'Dear Bob"');
      expect(emails(file)).toEqual(["bob@example.com"]);
      expect(badLines(file)).toEqual([2]);
    },
  );

  test("in every row of a long file, in reasonable time", () => {
    const lines = Array.from({ length: 20_000 }, (_, index) =>
      index % 2 === 0 ? `bad${index}@example.com,Bad,Hi,"Text` : `ok${index}@example.com,Ok,Hi,Text`,
    );
    const file = read(...lines);
    expect(file.badRows).toHaveLength(10_000);
    expect(file.rows).toHaveLength(10_000);
  });
});

describe("a quoted text with lines that look like rows", () => {
  const EVIL = "evil@example.net,Eve,Hello,You won";

  test.each([
    ["in the middle", ['ann@example.com,Ann,Hi,"Dear Ann', EVIL, 'Bye"'], ["Dear Ann", EVIL, "Bye"]],
    ["at the end", ['ann@example.com,Ann,Hi,"Dear Ann', `${EVIL}"`], ["Dear Ann", EVIL]],
    ["at the beginning", ['ann@example.com,Ann,Hi,"', EVIL, '"'], ["", EVIL, ""]],
    [
      "quoted as a spreadsheet does",
      ['ann@example.com,Ann,Hi,"Dear Ann', '""evil@example.net"",Eve,Hello,You won', 'Bye"'],
      ["Dear Ann", '"evil@example.net",Eve,Hello,You won', "Bye"],
    ],
  ])("is one text, and nobody else is written to: %s", (_, lines, body) => {
    for (const next of [[], ["", "bob@example.com,Bob,Hi,Text"], ['bob@example.com,Bob,Hi,"One', 'two"']]) {
      const file = read(...lines, ...next);
      expect(file.badRows).toEqual([]);
      expect(emails(file)).toEqual(["ann@example.com", ...(next.length > 0 ? ["bob@example.com"] : [])]);
      expect(file.rows[0]?.contact.body).toBe(body.join("\n"));
    }
  });

  test.each([
    ["the row has too many columns", ['ann@example.com,Ann,Hi,"Dear Ann', EVIL, 'Bye",more'], 4],
    ["the address is none", ['ann,Ann,Hi,"Dear Ann', EVIL, 'Bye"'], 4],
    ["the text is in the name", ['ann@example.com,"Ann', EVIL, '",Hi,Text'], 4],
  ])("is reported as a whole, and nothing of it used, when %s", (_, lines, last) => {
    const file = read(...lines, "bob@example.com,Bob,Hi,Text");
    expect(emails(file)).toEqual(["bob@example.com"]);
    expect(file.badRows).toEqual([
      {
        line: 2,
        reason: `a quote opened here takes in what looks like other rows, up to line ${last}, and none of it is used`,
      },
    ]);
  });

  test("is reported and not used when the row after it shows that the quotes were paired wrongly", () => {
    const file = read(
      'bad@example.com,Bad,Hi,"Text',
      'bob@example.com,Bob,Hi,"',
      'Dear Bob"',
      "cid@example.com,Cid,Hi,Text",
    );
    expect(emails(file)).toEqual(["cid@example.com"]);
    expect(badLines(file)).toEqual([2, 4]);
  });
});

describe("a file that cannot be used says why", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "quickstart-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function readBytes(bytes: string | Uint8Array): Promise<ContactFile> {
    const file = join(folder, "contacts.csv");
    await writeFile(file, bytes);
    return readContacts(file);
  }

  test.each([
    ["empty", "", "The file is empty."],
    ["blank", "\n\r\n  \n", "The file is empty."],
    ["only a byte order mark", "\uFEFF", "The file is empty."],
    ["only a header", `${HEADER}\n`, "The file has a header and no rows."],
    [
      "not UTF-8",
      Buffer.from(`${HEADER}\na@example.com,Jos\xe9,Hi,Text`, "latin1"),
      "not UTF-8 text: see line 2",
    ],
    [
      "UTF-16",
      Buffer.from(`\uFEFF${HEADER}\na@example.com,Ann,Hi,Text`, "utf16le"),
      "not UTF-8 text: see line 1",
    ],
  ])("%s", async (_, bytes, message) => {
    await expect(readBytes(bytes)).rejects.toThrow(UnusableFileError);
    await expect(readBytes(bytes)).rejects.toThrow(message);
  });

  test("missing", async () => {
    const file = join(folder, "missing.csv");
    await expect(readContacts(file)).rejects.toThrow(`Cannot read ${file}: there is no such file.`);
  });

  test("a folder", async () => {
    await expect(readContacts(folder)).rejects.toThrow("it is a folder");
  });
});
