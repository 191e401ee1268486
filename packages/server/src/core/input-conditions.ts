import { TaskError } from "@taskwright/shared";
import type { InputCondition } from "../backend/index.ts";

const MOST_CONDITIONS = 20;
const MOST_KEYS = 3;
const MOST_VALUES = 100;

function invalid(message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message, data: { option: "input" } });
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

/** What an operator takes, and whether a value is that. */
function expectation({ operator, value }: InputCondition): readonly [isFine: boolean, expected: string] {
  switch (operator) {
    case "equals":
    case "not":
      return [isScalar(value), "a string, finite number, boolean or null"];
    case "in":
      return [
        Array.isArray(value) && value.length <= MOST_VALUES && value.every(isScalar),
        `an array of at most ${MOST_VALUES} strings, finite numbers, booleans or nulls`,
      ];
    case "lt":
    case "lte":
    case "gt":
    case "gte":
      return [typeof value === "string" || Number.isFinite(value), "a string or finite number"];
    case "contains":
    case "startsWith":
      return [typeof value === "string", "a string"];
    default:
      return [false, "an operator that there is: equals, not, in, lt, lte, gt, gte, contains or startsWith"];
  }
}

/** Throws INVALID_OPTION unless stores can be asked for these conditions. */
export function checkInputConditions(conditions: readonly InputCondition[]): void {
  if (conditions.length > MOST_CONDITIONS)
    throw invalid(
      `A filter on inputs takes at most ${MOST_CONDITIONS} conditions; got ${conditions.length}.`,
    );
  for (const condition of conditions) {
    const { path, operator } = condition;
    if (path.length < 1 || path.length > MOST_KEYS)
      throw invalid(`A filter on inputs names a leaf by 1 to ${MOST_KEYS} keys; got ${path.length}.`);
    const [isFine, expected] = expectation(condition);
    if (!isFine) throw invalid(`A filter on inputs by ${operator} needs ${expected}.`);
  }
}
