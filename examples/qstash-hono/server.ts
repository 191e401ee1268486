// The handlers, and where tasks go: delivered by QStash, kept in a SQLite file. All else comes from the environment.
import { createTaskServer, type TaskServer } from "@taskwright/server";
import { qstashBackend } from "@taskwright/server/qstash";
import { sqliteBackend } from "@taskwright/server/sqlite";
import { tasks } from "./tasks.ts";

export function createServer(): TaskServer<typeof tasks> {
  const store = sqliteBackend({ file: process.env.DATABASE_FILE || "qstash-hono.db" });
  const server: TaskServer<typeof tasks> = createTaskServer({
    tasks,
    backend: qstashBackend({ store }),
    handlers: {
      greet: ({ input: { name }, attempt }) => {
        if (attempt.number === 1) throw new Error("The first attempt is to fail, so that you see a retry.");
        return { text: `Hello ${name}!`, attempts: attempt.number };
      },
      report: async () => {
        const { SUCCESSFUL } = await server.executor.getTaskCounts();
        console.log(`report: ${SUCCESSFUL} tasks have been successful`);
      },
    },
  });
  return server;
}
