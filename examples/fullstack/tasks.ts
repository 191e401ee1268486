// The contract. The page imports its type alone: no schema gets into its bundle, and the server tells which field is wrong.
import { initTasks } from "@taskwright/shared";
import { z } from "zod";

const t = initTasks.create();

export const tasks = t.router({
  sendEmail: t.task
    .input(
      z.object({
        to: z.email("Write a whole address, such as grace@example.com."),
        subject: z.string().min(1, "Say what it is about.").max(100, "Use at most 100 characters."),
        body: z.string().min(1, "Write something.").max(5_000, "Use at most 5,000 characters."),
      }),
    )
    .output(
      z.object({
        messageId: z.string(),
        bytes: z.int(),
        acceptedAt: z.iso.datetime(),
      }),
    )
    .options({ maxRetries: 2, retryDelay: "1s", timeout: "1m" }),
});
