// The contract: what the app may ask for, and what it gets back.
import { initTasks } from "@taskwright/shared";
import { z } from "zod";

const t = initTasks.create();

export const tasks = t.router({
  /** Writes a greeting, at the second attempt. */
  greet: t.task
    .input(z.object({ name: z.string().min(1).max(100) }))
    .output(z.object({ text: z.string(), attempts: z.int() }))
    .options({ retryDelay: "1s" }),
  /** Says how many greetings there have been; a schedule enqueues it. */
  report: t.task,
});
