// The handlers: one for each task of the contract. A missing or wrongly typed one is a compile error.
import { createTaskServer, implement, type TaskServer } from "@taskwright/server";
import { sqliteBackend } from "@taskwright/server/sqlite";
import type { Mailer } from "./mail.ts";
import { tasks } from "./tasks.ts";

const h = implement(tasks).context<{ mailer: Mailer }>();

const sendEmail = h.sendEmail.handler(async ({ input, ctx, attempt }) => {
  return { messageId: await ctx.mailer.send(input, { id: attempt.id, attempt: attempt.number }) };
});

export function createServer(
  databaseFile: string,
  mailer: Mailer,
  options: { readonly logger?: false } = {},
): TaskServer<typeof tasks> {
  return createTaskServer({
    ...options,
    tasks,
    backend: sqliteBackend({ file: databaseFile }),
    createContext: () => ({ mailer }),
    handlers: { sendEmail },
  });
}
