import { mockTasks } from "@taskwright/client/msw";
import type { Tasks } from "consumer-api/tasks";

const mock = mockTasks<Tasks>({ url: "/api/trpc", path: "background" });

export const addressees = (): string[] => mock.tasks.sendEmail.enqueued.map(({ input }) => input.to);
export const failAll = (): number => {
  for (const task of mock.enqueued) task.fail(new Error("away"));
  return mock.handlers.length;
};
// @ts-expect-error -- the contract's types have survived as declarations: there is no such task
export const misspelt = (): unknown => mock.tasks.sendEmial;
