import { didYouMean } from "@taskwright/shared";
import { describe, expect, test } from "vitest";
import { BACKEND_SECTIONS } from "./backend-sections.ts";
import type { BackendExercise } from "./exercise.ts";
import { registerSuite } from "./registered-suite.ts";
import { SERVER_SECTIONS } from "./server-sections.ts";
import { ServerUnderTest } from "./server-under-test.ts";
import { StoreUnderTest } from "./store-under-test.ts";
import { makeIdsWith } from "./task-ids.ts";

/** Holds a backend to every promise: of the seam, and of servers and workers on it. */
export function exerciseBackend(exercise: BackendExercise): void {
  describe(exercise.name, () => {
    test("every skip names a case, gives a reason and stands alone", () => checkSkips(exercise));
    registerSuite<StoreUnderTest>(exercise, {
      sections: BACKEND_SECTIONS,
      run: (store, item) => {
        makeIdsWith({ store: store.backend.store, ...gatheringOf(exercise, item.name) });
        return item.run(new StoreUnderTest(store));
      },
    });
    registerSuite<ServerUnderTest>(exercise, {
      sections: SERVER_SECTIONS,
      run: async (store, item) => {
        await using subject = new ServerUnderTest(store);
        const { gather } = gatheringOf(exercise, item.name);
        if (gather !== undefined) subject.host.placeId = gather;
        await item.run(subject);
      },
    });
  });
}

function gatheringOf({ gathered }: BackendExercise, name: string): { gather?: (id: string) => string } {
  return gathered?.cases.includes(name) ? { gather: gathered.gather } : {};
}

function checkSkips({ skips, gathered }: BackendExercise): void {
  const cases = [...BACKEND_SECTIONS, ...SERVER_SECTIONS].flatMap((section) =>
    section.cases.map(({ name }) => name),
  );
  const names = new Set(cases);
  expect(names.size, "every case has a name of its own").toBe(cases.length);
  const named = [...skips.map((skip) => skip.case), ...(gathered?.cases ?? [])];
  const unknown = named.filter((name) => !names.has(name));
  expect(unknown.map((name) => `No case is named "${name}".${didYouMean(name, names)}`)).toEqual([]);
  expect(skips.filter(({ reason }) => reason.trim().length < 10)).toEqual([]);
  expect(new Set(named).size).toBe(named.length);
}
