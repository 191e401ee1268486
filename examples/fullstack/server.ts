// The handlers, and where tasks are kept: a SQLite file, so that web server and worker may be one process or several.
import { createTaskServer, type TaskServer } from "@taskwright/server";
import { sqliteBackend } from "@taskwright/server/sqlite";
import type { Mailer } from "./mailer.ts";
import { tasks } from "./tasks.ts";

export function createServer(
  file: string,
  mailer: Mailer,
  options: { readonly logger?: false } = {},
): TaskServer<typeof tasks> {
  return createTaskServer({
    ...options,
    tasks,
    backend: sqliteBackend({ file }),
    handlers: {
      sendEmail: async ({ input, attempt, signal }) => {
        const bytes = await mailer.deliver(input, {
          signal,
          idempotencyKey: attempt.id,
          onSent: (share) => attempt.progress(share),
        });
        return {
          messageId: `${attempt.id}@mail.example`,
          bytes,
          acceptedAt: new Date().toISOString(),
        };
      },
    },
  });
}
