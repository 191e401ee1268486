import type { BackendExercise } from "./exercise.ts";

/** What shows how statements are planned, with so many rows that it takes long. */
const MASSES: readonly string[] = [
  "100,000 unknown tasks at the head of the line slow no claim",
  "100,000 tasks of another queue at the head of the line slow no claim",
];

/** The cases about masses of tasks, which another exercise shows with the same statements. */
export function massesShownBy(name: string): BackendExercise["skips"] {
  const reason = `is shown by ${name}, whose statements these are`;
  return MASSES.map((item) => ({ case: item, reason }));
}
