import { initTasks } from "@taskwright/shared";
import * as z from "zod";

export const t = initTasks.create({ queues: ["default", "emails"], defaults: { maxRetries: 2 } });

const isoDate = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});

// Named, for the compiler writes a nameless recursive type as any in declarations.
export interface Comment {
  readonly text: string;
  readonly answers: readonly Comment[];
}

const Comment: z.ZodType<Comment, Comment> = z.object({
  text: z.string(),
  get answers() {
    return z.array(Comment);
  },
});

export const MessageId = z.string().brand<"MessageId">();

export const sendEmail = t.task
  .input(z.object({ to: z.email(), subject: z.string().default("No subject") }))
  .output(z.object({ messageId: MessageId, sentAt: isoDate }))
  .options({ queue: "emails", priority: 10 });

export const tasks = t.router({
  sendEmail,
  tick: t.task,
  blog: t.router({
    publish: t.task.input(Comment),
    count: t.task
      .input(
        z.discriminatedUnion("by", [
          z.object({ by: z.literal("author"), author: z.string() }),
          z.object({ by: z.literal("day"), day: isoDate }),
        ]),
      )
      .output(z.int()),
  }),
});

export type Tasks = typeof tasks;
