import { initTasks } from "@taskwright/shared";
import * as z from "zod";

const t = initTasks.create({ queues: ["default"] });

/** The contract under measure: one task with an ordinary input of about 260 bytes of JSON, and a small output. */
export const tasks = t.router({
  sendEmail: t.task
    .input(
      z.object({
        to: z.email(),
        subject: z.string().min(1).max(200),
        body: z.string(),
        locale: z.enum(["en", "de", "fr"]),
        customerId: z.int().positive(),
        /** When it was sent, in milliseconds of the machine's monotonic clock. */
        sentAt: z.number(),
      }),
    )
    .output(z.object({ messageId: z.string() })),
});

/** What is enqueued. */
export interface BenchInput {
  readonly to: string;
  readonly subject: string;
  readonly body: string;
  readonly locale: "en" | "de" | "fr";
  readonly customerId: number;
  readonly sentAt: number;
}

/** What the no-op handler returns. */
export interface BenchOutput {
  readonly messageId: string;
}

const BODY =
  "Dear customer, your order has been packed and will leave our house this afternoon. Thank you for your patience; reply to this mail if ought is amiss.";

/** Makes the input number `index`. */
export function benchInput(index: number, sentAt = 0): BenchInput {
  return {
    to: `customer-${index}@example.com`,
    subject: `Your order ${index}`,
    body: BODY,
    locale: "en",
    customerId: index + 1,
    sentAt,
  };
}

/** What the no-op handler does: as good as nothing, but its result is kept. */
export function benchOutput(input: BenchInput): BenchOutput {
  return { messageId: `<${input.customerId}@example.com>` };
}
