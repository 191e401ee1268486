import { createHash } from "node:crypto";
import type { InputCondition, InputScalar } from "../../backend/index.ts";
import { inputRoot, leavesOf } from "./input-leaves.ts";

/** How many leaves of one input are told apart; an input with more is looked at whatever is asked. */
const MOST_LEAVES = 64;

/** 48 bits: few enough to be a number, enough that others are hardly ever found; what is found is compared anyway. */
function hash(parts: readonly unknown[]): number {
  return createHash("sha256").update(JSON.stringify(parts)).digest().readUIntBE(0, 6);
}

function hashOfLeaf(taskPath: string, path: readonly string[], value: InputScalar): number {
  return hash([taskPath, path, value]);
}

/** What stands for inputs of a task with too many leaves. */
function hashOfMany(taskPath: string): number {
  return hash([taskPath]);
}

/** What the index holds of a task result: one number for each leaf. */
export function inputHashes(task: {
  readonly path: string;
  readonly input: string | null;
  readonly codec: string;
}): readonly number[] {
  const leaves = leavesOf(inputRoot(task.input, task.codec), MOST_LEAVES);
  if (leaves === null) return [hashOfMany(task.path)];
  return [...new Set(leaves.map(({ path, value }) => hashOfLeaf(task.path, path, value)))];
}

/** Numbers of the index under which everything is that a condition selects of some tasks. */
export type HashesOf = (taskPaths: readonly string[]) => readonly number[];

/** What finds the matches of each condition that the index can tell, `equals` and `in`. */
export function indexedConditions(conditions: readonly InputCondition[]): readonly HashesOf[] {
  return conditions.flatMap((condition): HashesOf[] => {
    if (condition.operator !== "equals" && condition.operator !== "in") return [];
    const { path } = condition;
    const values = condition.operator === "in" ? [...new Set(condition.value)] : [condition.value];
    return [
      (taskPaths) =>
        taskPaths.flatMap((taskPath) => [
          hashOfMany(taskPath),
          ...values.map((value) => hashOfLeaf(taskPath, path, value)),
        ]),
    ];
  });
}
