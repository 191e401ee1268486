import type { Subject } from "../harness/subject.ts";

/** The subjects of each suite, in the order in which they take turns; loaded only when asked for. */
const SUITES: Readonly<Record<string, () => Promise<readonly Subject[]>>> = {
  sqlite: async () => [
    (await import("./taskwright-sqlite.ts")).taskwrightSqlite,
    (await import("./raw-sqlite/index.ts")).rawSqlite,
  ],
  memory: async () => [(await import("./taskwright-memory.ts")).taskwrightMemory],
};

export const SUITE_NAMES: readonly string[] = Object.keys(SUITES);

/** The subjects of a suite. */
export async function subjectsOf(suite: string): Promise<readonly Subject[]> {
  const load = SUITES[suite];
  if (load === undefined)
    throw new Error(`There is no suite "${suite}"; there is: ${SUITE_NAMES.join(", ")}.`);
  return load();
}

/** One subject of a suite, by its name. */
export async function findSubject(suite: string, name: string): Promise<Subject> {
  const found = (await subjectsOf(suite)).find((subject) => subject.name === name);
  if (found === undefined) throw new Error(`The suite ${suite} has no subject "${name}".`);
  return found;
}
