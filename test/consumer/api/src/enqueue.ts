import { createTaskClient, createTaskServer, implement } from "@taskwright/server";
import { memoryBackend } from "@taskwright/server/memory";
import { sqliteBackend } from "@taskwright/server/sqlite";
import { isTaskError, type TaskInput, type TaskOutput } from "@taskwright/shared";
import { type sendEmail, tasks } from "./tasks.ts";

// Nothing here has a type written down: the compiler must find a name for each of them in the declarations.
export const openClient = (file: string) => createTaskClient(tasks, { backend: sqliteBackend({ file }) });

const client = createTaskClient(tasks, { backend: memoryBackend() });
export const { results } = client;
export const urgent = client.tasks.sendEmail.using({ priority: 90, queue: "emails" });
export const enqueue = async (to: string) => urgent.enqueue({ to }, { countdown: "1m" });
export const enqueueAll = (all: readonly TaskInput<typeof sendEmail>[]) =>
  client.tasks.sendEmail.enqueueMany(all);
export const find = (id: string) => client.tasks.blog.count.result(id);
export const refresh = async (id: string) => find(id).refresh();
export const sentAt = (output: TaskOutput<typeof sendEmail>) => output.sentAt;
export const isLate = (error: unknown) => isTaskError(error, "RESULT_TIMEOUT") && error.retryable;

export const h = implement(tasks).context<{ user: string }>();
export const logged = h.use(async ({ next }) => next({ ctx: { startedAt: new Date() } }));
export const server = createTaskServer({
  tasks,
  backends: { default: memoryBackend(), bulk: memoryBackend() },
  only: ["tick", "blog.count"],
  createContext: () => ({ user: "ada" }),
  handlers: {
    tick: logged.tick.handler(({ ctx }) => void ctx.startedAt),
    blog: { count: ({ input }) => (input.by === "author" ? input.author.length : input.day.getFullYear()) },
  },
});
export const { run, executor, events } = server;
export const stopListening = events.on("failed", ({ error }) => error.message);
