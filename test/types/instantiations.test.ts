import { expect, test } from "vitest";
import { taskwrightProject } from "../../bench/types/taskwright-project.ts";
import { checkTypes, ProjectFolder } from "../../bench/types/type-check.ts";

/** What the compiler counted for 300 tasks, each with a handler and a call, when this was last changed on purpose. */
const PINNED = 597_705;

async function instantiationsOf(taskCount: number): Promise<number> {
  using folder = new ProjectFolder(taskwrightProject(taskCount));
  const { instantiations } = await checkTypes(folder, { isSingleThreaded: true });
  return instantiations;
}

test("inference of 300 tasks costs what it did", async () => {
  const instantiations = await instantiationsOf(300);
  expect(instantiations).toBeLessThan(PINNED * 1.03);
  // When it has become cheaper, the pin is to follow.
  expect(instantiations).toBeGreaterThan(PINNED * 0.9);
});

test("the cost of inference grows no faster than the number of tasks", async () => {
  expect((await instantiationsOf(240)) / (await instantiationsOf(60))).toBeLessThan(4.2);
});
