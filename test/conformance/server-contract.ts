import { initTasks } from "@taskwright/shared";
import { z } from "zod";

const t = initTasks.create({ queues: ["default", "emails"] });
const numbered = z.object({ n: z.int() });

/** The tasks that servers and workers are exercised with. */
export const tasks = t.router({
  /** Retried every ten seconds, three times. */
  work: t.task.input(numbered).output(numbered).options({ retryDelay: "10s" }),
  /** Retried with the built-in backoff. */
  patient: t.task.input(numbered).options({ maxRetries: 12 }),
  /** Gives back one of the values that careless code takes for nothing. */
  falsy: t.task
    .input(z.object({ which: z.enum(["null", "zero", "false", "empty"]) }))
    .output(z.union([z.null(), z.number(), z.boolean(), z.string()])),
  silent: t.task,
  /** Its handlers wait to be told to stop. */
  slow: t.task.input(numbered).options({ lease: "3s", timeout: "1m", retryDelay: "10s" }),
  mail: t.router({ send: t.task.input(numbered).options({ queue: "emails", retryDelay: "10s" }) }),
});

/** The contract's type. */
export type ServerContract = typeof tasks;
