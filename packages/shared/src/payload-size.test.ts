import { describe, expect, it } from "vitest";
import { isLargerThan, MAX_PAYLOAD_BYTES, utf8Length } from "./payload-size.ts";

const SAMPLES = [
  "",
  "a",
  "\0",
  "\u007f",
  "\u0080",
  "é",
  "\u07ff",
  "\u0800",
  "日本語",
  "\uffff",
  "😀",
  "a😀b日c",
  "\u{10ffff}",
  "👨‍👩‍👧‍👦".repeat(100),
];

describe("utf8Length", () => {
  it.each(SAMPLES)("counts the bytes of %j", (text) => {
    expect(utf8Length(text)).toBe(Buffer.byteLength(text));
  });

  it("counts those of every kind of character next to every other", () => {
    for (const left of SAMPLES) {
      for (const right of SAMPLES) expect(utf8Length(left + right)).toBe(Buffer.byteLength(left + right));
    }
  });
});

describe("isLargerThan", () => {
  it.each(SAMPLES)("compares the bytes of %j", (text) => {
    const bytes = Buffer.byteLength(text);
    expect(isLargerThan(text, bytes)).toBe(false);
    expect(isLargerThan(text, bytes - 1)).toBe(true);
    expect(isLargerThan(text, bytes + 1)).toBe(false);
  });

  it("has 256 KB as the limit where nothing else is said", () => {
    expect(MAX_PAYLOAD_BYTES).toBe(262_144);
    expect(isLargerThan("x".repeat(262_144), MAX_PAYLOAD_BYTES)).toBe(false);
    expect(isLargerThan("é".repeat(131_072), MAX_PAYLOAD_BYTES)).toBe(false);
    expect(isLargerThan(`${"é".repeat(131_072)}x`, MAX_PAYLOAD_BYTES)).toBe(true);
    expect(isLargerThan("日".repeat(87_382), MAX_PAYLOAD_BYTES)).toBe(true);
  });
});
