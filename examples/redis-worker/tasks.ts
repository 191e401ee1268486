// The contract: what the producer may ask for, and what it gets back.
import { initTasks } from "@taskwright/shared";
import { z } from "zod";

const t = initTasks.create();

export const tasks = t.router({
  /** Counts the prime numbers from one number up to, and without, another. */
  countPrimes: t.task
    .input(z.object({ from: z.int().min(0), to: z.int().max(10_000_000) }))
    .output(z.object({ count: z.int(), process: z.int() })),
});
