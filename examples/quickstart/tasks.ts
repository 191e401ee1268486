// The contract: which tasks exist, what they take and what they give back. It holds no handler code, so the
// service that enqueues, the worker that runs and even a browser can all import it.
import { initTasks } from "@taskwright/shared";
import { z } from "zod";

/** What ends up in a mail's header must stay on one line, or it could smuggle in further headers. */
const headerText = (field: string) =>
  z
    .string()
    .max(500, `the ${field} is longer than 500 characters`)
    .regex(/^[^\r\n]*$/, `the ${field} contains a line break`);

export const contact = z.object({
  email: z.email({
    error: ({ input }) => (input === "" ? "no address" : `not an e-mail address: ${quoted(input)}`),
  }),
  name: headerText("name"),
  subject: headerText("subject"),
  body: z.string(),
});

export type Contact = z.infer<typeof contact>;

const t = initTasks.create();

export const tasks = t.router({
  sendEmail: t.task
    .input(contact)
    .output(z.object({ messageId: z.string() }))
    .options({
      maxRetries: 5,
      timeout: "1m",
      // A worker that was killed holds its mails for this long; then another one takes them over.
      lease: "10s",
      // How long a row that was enqueued once is not enqueued again (see `rowId` in enqueue-contacts.ts).
      deduplicationWindow: "7d",
    }),
});

function quoted(value: unknown): string {
  return JSON.stringify(String(value).slice(0, 80));
}
