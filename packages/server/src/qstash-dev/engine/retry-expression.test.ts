import { describe, expect, it } from "vitest";
import { compileRetryExpression } from "./retry-expression.ts";

function value(text: string, retried: number): number {
  const compiled = compileRetryExpression(text);
  if (typeof compiled !== "function") throw new Error(compiled.fault);
  return compiled(retried);
}

describe("a retry expression", () => {
  it.each([
    ["1000", 0, 1_000],
    ["1.5e3", 0, 1_500],
    ["1000 * (1 + retried)", 2, 3_000],
    ["pow(2, retried) * 1000", 3, 8_000],
    ["max(1000, pow(2, retried) * 100)", 1, 1_000],
    ["min(86400000, exp(2.5 * (retried + 1)) * 1000)", 9, 86_400_000],
    ["floor(7 / 2) + ceil(0.1) + round(1.5) + abs(-4) + sqrt(16)", 0, 3 + 1 + 2 + 4 + 4],
    ["10 - 2 - 3", 0, 5],
    ["2 + 3 * 4", 0, 14],
    ["17 % 5", 0, 2],
    ["-retried + 5", 2, 3],
    ["--2", 0, 2],
  ])("%s with %i retries is %d", (text, retried, expected) => {
    expect(value(text, retried)).toBe(expected);
  });

  it.each([
    ["", "an early end"],
    ["1 +", "an early end"],
    ["1 2", "something after its end"],
    ["(1", 'no ")" where one belongs'],
    ["attempts * 2", "a name that is neither"],
    ["constructor(1)", "a name that is neither"],
    ["pow(2)", "pow() with 1 values"],
    ["sqrt(1, 2)", "sqrt() with 2 values"],
    ["1; process", "an unknown sign"],
    ["retried ** 2", "a"],
    ["(".repeat(60), "too many"],
    ["-".repeat(60), "too many"],
    ["1".repeat(501), "more than 500 characters"],
  ])("refuses %j", (text, fault) => {
    expect(compileRetryExpression(text)).toEqual({ fault: expect.stringContaining(fault) });
  });
});
