import { didYouMean } from "@taskwright/shared";
import { describe, expect, test } from "vitest";
import { BACKEND_SECTIONS } from "./backend-sections.ts";
import type { BackendExercise } from "./exercise.ts";
import { registerSuite } from "./registered-suite.ts";
import { SERVER_SECTIONS } from "./server-sections.ts";
import { ServerUnderTest } from "./server-under-test.ts";
import { StoreUnderTest } from "./store-under-test.ts";

/** Holds a backend to every promise: of the seam, and of servers and workers on it. */
export function exerciseBackend(exercise: BackendExercise): void {
  describe(exercise.name, () => {
    test("every skip names a case, gives a reason and stands alone", () => checkSkips(exercise));
    registerSuite<StoreUnderTest>(exercise, {
      sections: BACKEND_SECTIONS,
      run: (store, item) => item.run(new StoreUnderTest(store)),
    });
    registerSuite<ServerUnderTest>(exercise, {
      sections: SERVER_SECTIONS,
      run: async (store, item) => {
        await using subject = new ServerUnderTest(store);
        await item.run(subject);
      },
    });
  });
}

function checkSkips({ skips }: BackendExercise): void {
  const cases = [...BACKEND_SECTIONS, ...SERVER_SECTIONS].flatMap((section) =>
    section.cases.map(({ name }) => name),
  );
  const names = new Set(cases);
  expect(names.size, "every case has a name of its own").toBe(cases.length);
  const unknown = skips.filter((skip) => !names.has(skip.case));
  expect(unknown.map((skip) => `No case is named "${skip.case}".${didYouMean(skip.case, names)}`)).toEqual(
    [],
  );
  expect(skips.filter(({ reason }) => reason.trim().length < 10)).toEqual([]);
  expect(new Set(skips.map((skip) => skip.case)).size).toBe(skips.length);
}
