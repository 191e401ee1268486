import { describe, expect, it } from "vitest";
import { quoted } from "./quoted-name.ts";

describe("quoted", () => {
  it("puts a name in quotes", () => {
    expect(quoted("sendEmail")).toBe('"sendEmail"');
  });

  it("escapes what would break a line of log or a terminal", () => {
    expect(quoted('a"b\n\0\u001b[31m')).toBe(String.raw`"a\"b\n\u0000\u001b[31m"`);
  });

  it("cuts a long name, never leaving half a character", () => {
    expect(quoted("x".repeat(61))).toBe(`"${"x".repeat(60)}…"`);
    expect(quoted(`${"x".repeat(59)}😀${"x".repeat(9)}`).isWellFormed()).toBe(true);
  });
});
