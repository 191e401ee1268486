import type { ServerUnderTest } from "./server-under-test.ts";
import type { CallersDatabase } from "./store-fixture.ts";

/** Runs a case with the database of an application that keeps its tasks there. */
export async function withCallers(
  { store }: ServerUnderTest,
  run: (callers: CallersDatabase) => Promise<void>,
): Promise<void> {
  const { callers } = store.exercise;
  if ("none" in callers) throw new Error(callers.none);
  const database = await callers.open(store.context);
  try {
    await run(database);
  } finally {
    await database.close();
  }
}
