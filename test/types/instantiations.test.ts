import { expect, test } from "vitest";
import {
  taskwrightMockProject,
  taskwrightProject,
  taskwrightTrpcProject,
} from "../../bench/types/taskwright-project.ts";
import { checkTypes, ProjectFolder } from "../../bench/types/type-check.ts";

/** What the compiler counted for 300 tasks, each with a handler and a call, when this was last changed on purpose. */
const PINNED = 597_705;

/** The same, with a tRPC router of them, a client over it that calls each, and a tRPC client that calls each again. */
const PINNED_OVER_TRPC = 688_582;

/** The same, with a mock of their tRPC server in which a test looks at each. */
const PINNED_WITH_MOCK = 676_890;

async function instantiationsOf(taskCount: number, project = taskwrightProject): Promise<number> {
  using folder = new ProjectFolder(project(taskCount));
  const { instantiations } = await checkTypes(folder, { isSingleThreaded: true });
  return instantiations;
}

test.each([
  ["", taskwrightProject, PINNED],
  [" and of their tRPC router and clients", taskwrightTrpcProject, PINNED_OVER_TRPC],
  [" and of their mocks", taskwrightMockProject, PINNED_WITH_MOCK],
])("inference of 300 tasks%s costs what it did", async (_, project, pinned) => {
  const instantiations = await instantiationsOf(300, project);
  expect(instantiations).toBeLessThan(pinned * 1.03);
  // When it has become cheaper, the pin is to follow.
  expect(instantiations).toBeGreaterThan(pinned * 0.9);
});

test("the cost of inference grows no faster than the number of tasks", async () => {
  expect((await instantiationsOf(240)) / (await instantiationsOf(60))).toBeLessThan(4.2);
});
