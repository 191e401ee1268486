import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { type CompilerMessage, compilerMessages, readWrongCode } from "./compiler-messages.ts";
import { internalTypeNames } from "./public-types.ts";

const FIXTURES = fileURLToPath(new URL("fixtures", import.meta.url));
const files = readdirSync(join(FIXTURES, "wrong")).map((name) => `wrong/${name}`);
const cases = files.flatMap((file) => readWrongCode(FIXTURES, file));

let messages: readonly CompilerMessage[];
beforeAll(async () => {
  messages = await compilerMessages(FIXTURES);
});

describe.each(files)("the compiler's messages about %s", (file) => {
  test.each(cases.filter((wrong) => wrong.file === file))("$code", (wrong) => {
    const said = messages
      .filter(({ file, line }) => file === wrong.file && line >= wrong.firstLine && line <= wrong.lastLine)
      .map(({ text }) => text);
    for (const text of wrong.expected) expect(said.join("\n\n")).toContain(text);
    for (const text of said) {
      expect(
        wrong.expected.some((part) => text.includes(part)),
        `not expected: ${text}`,
      ).toBe(true);
    }
  });
});

test("the compiler says nothing about right code", () => {
  const known = (message: CompilerMessage) =>
    cases.some(
      ({ file, firstLine, lastLine }) =>
        file === message.file && message.line >= firstLine && message.line <= lastLine,
    );
  expect(messages.filter((message) => !known(message))).toEqual([]);
});

test("no message shows a type that users cannot import", () => {
  const shown = messages.flatMap(({ text }) => text.match(/\b[A-Z]\w+(?=<|\b)/g) ?? []);
  expect([...new Set(shown)].filter((name) => internalTypeNames().has(name))).toEqual([]);
});
