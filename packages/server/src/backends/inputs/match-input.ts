import type { InputCondition, InputScalar } from "../../backend/index.ts";
import { inputRoot, leafAt } from "./input-leaves.ts";

function isOrdered<T extends number | string>(operator: "lt" | "lte" | "gt" | "gte", left: T, right: T) {
  if (operator === "lt") return left < right;
  if (operator === "lte") return left <= right;
  return operator === "gt" ? left > right : left >= right;
}

function fulfils(leaf: InputScalar, condition: InputCondition): boolean {
  switch (condition.operator) {
    case "equals":
      return leaf === condition.value;
    case "not":
      return leaf !== condition.value;
    case "in":
      return condition.value.includes(leaf);
    case "contains":
      return typeof leaf === "string" && leaf.includes(condition.value);
    case "startsWith":
      return typeof leaf === "string" && leaf.startsWith(condition.value);
    default: {
      const { operator, value } = condition;
      if (typeof leaf === "number" && typeof value === "number") return isOrdered(operator, leaf, value);
      return typeof leaf === "string" && typeof value === "string" && isOrdered(operator, leaf, value);
    }
  }
}

/** Whether an input, as it is stored, fulfils all of some conditions. */
export function matchesInput(
  { input, codec }: { readonly input: string | null; readonly codec: string },
  conditions: readonly InputCondition[],
): boolean {
  if (conditions.length === 0) return true;
  const root = inputRoot(input, codec);
  return conditions.every((condition) => {
    const leaf = leafAt(root, condition.path);
    return leaf !== undefined && fulfils(leaf, condition);
  });
}
