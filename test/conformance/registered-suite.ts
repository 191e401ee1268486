import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, type TestOptions, test } from "vitest";
import { skipUnlessFound, skipWithReason } from "../harness/services.ts";
import type { Untested } from "../harness/untested-report.ts";
import { type ConformanceCase, type ConformanceSection, reasonToSkip } from "./conformance-case.ts";
import type { BackendExercise, OpenedStore } from "./exercise.ts";

/** Cases, and what they are run on. */
export interface Suite<Subject> {
  readonly sections: readonly ConformanceSection<Subject>[];
  /** Runs a case on a fresh store and cleans up whatever it has made of it. */
  readonly run: (store: OpenedStore, item: ConformanceCase<Subject>) => Promise<void>;
}

/** Makes one test of each case. */
export function registerSuite<Subject>(exercise: BackendExercise, suite: Suite<Subject>): void {
  for (const section of suite.sections) {
    describe(section.title, () => {
      for (const item of section.cases) {
        test(item.name, optionsOf(exercise, section, item), async (test) => {
          const place = { group: section.title, untested: item.name };
          const skip = exercise.skips.find((one) => one.case === item.name);
          if (skip !== undefined) leaveOut(test, exercise, { ...place, reason: skip.reason });
          if (exercise.service !== undefined) {
            skipUnlessFound(test, exercise.service, `the conformance suite on ${exercise.name}`);
          }
          await withStore(exercise, async (store) => {
            const reason = reasonToSkip(item, store.backend, exercise);
            if (reason !== undefined) leaveOut(test, exercise, { ...place, reason });
            await suite.run(store, item);
          });
        });
      }
    });
  }
}

function leaveOut(test: TestContext, exercise: BackendExercise, why: Omit<Untested, "subject">): never {
  skipWithReason(test, { subject: exercise.name, ...why });
}

function optionsOf<Subject>(
  { name }: BackendExercise,
  { title, rows }: ConformanceSection<Subject>,
  { timeoutMs, defect }: ConformanceCase<Subject>,
): TestOptions {
  const conformance = { backend: name, section: title, rows, ...(defect === undefined ? {} : { defect }) };
  return { meta: { conformance }, ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }) };
}

async function withStore(
  exercise: BackendExercise,
  run: (store: OpenedStore) => Promise<void>,
): Promise<void> {
  const namespace = `case${randomBytes(6).toString("hex")}`;
  const directory = await mkdtemp(join(tmpdir(), "taskwright-"));
  const context = { namespace, directory };
  try {
    const backend = await exercise.open(context);
    try {
      await run({ backend, context, exercise });
    } finally {
      await backend.close();
    }
  } finally {
    await exercise.remove?.(context);
    await rm(directory, { recursive: true, force: true });
  }
}
