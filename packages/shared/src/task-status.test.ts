import { expect, it } from "vitest";
import { FINISHED_STATUSES, isFinishedStatus, TASK_STATUSES } from "./task-status.ts";

it("the finished states are those that isFinishedStatus() names", () => {
  expect(TASK_STATUSES.filter(isFinishedStatus)).toEqual(FINISHED_STATUSES);
});
