import { InvalidArgumentError } from "commander";
import type { InputCondition, InputScalar } from "../backend/index.ts";

const OPERATORS = {
  "=": "equals",
  "!=": "not",
  "<": "lt",
  "<=": "lte",
  ">": "gt",
  ">=": "gte",
} as const;

/** A path of keys, an operator, and all that follows it. */
const CONDITION = /^(\[(?:[^"\]]|"(?:[^"\\]|\\.)*")*\]|[^=!<>]+)(!=|<=|>=|=|<|>)(.*)$/s;

function pathOf(text: string): readonly string[] | null {
  if (!text.startsWith("[")) return text.split(".");
  try {
    const keys: unknown = JSON.parse(text);
    return Array.isArray(keys) && keys.every((key) => typeof key === "string") ? keys : null;
  } catch {
    return null;
  }
}

/** What is no JSON scalar is a string as it stands. */
function scalarOf(text: string): InputScalar {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? text : (value as InputScalar);
  } catch {
    return text;
  }
}

function conditionOf(text: string): InputCondition {
  const [, keys = "", sign = ""] = CONDITION.exec(text) ?? [];
  const path = pathOf(keys);
  if (sign === "" || path === null || path.length < 1 || path.length > 3) {
    throw new InvalidArgumentError(
      `It must be 1 to 3 keys with =, !=, <, <=, > or >= and a value, such as 'customer.id=42' or 'amount>=10'; keys with dots go into an array: '["a.b"]=1'.`,
    );
  }
  const value = scalarOf(text.slice(keys.length + sign.length));
  const operator = OPERATORS[sign as keyof typeof OPERATORS];
  if (operator === "equals" || operator === "not") return { path, operator, value };
  if (typeof value !== "number" && typeof value !== "string")
    throw new InvalidArgumentError(`${sign} needs a number or a string after it.`);
  return { path, operator, value };
}

/** Reads one more condition on inputs; throws for commander to report. */
export function whereOption(
  text: string,
  before: readonly InputCondition[] | undefined,
): readonly InputCondition[] {
  return [...(before ?? []), conditionOf(text)];
}
