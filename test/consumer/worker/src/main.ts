import { createTaskServer, implement, NonRetryable, RetryAfter } from "@taskwright/server";
import { memoryBackend } from "@taskwright/server/memory";
import { createWorker } from "@taskwright/server/worker";
import { MessageId, tasks } from "consumer-api/tasks";

export const h = implement(tasks)
  .context<{ sent: string[] }>()
  .use(async ({ next }) => next({ ctx: { now: new Date("2030-01-01T00:00:00Z") } }));

export const sendEmail = h.sendEmail.handler(
  async ({ input, ctx, attempt }) => {
    if (input.to === "") throw new NonRetryable("nobody to send to");
    if (attempt.number > 5) throw new RetryAfter("1h");
    ctx.sent.push(`${input.subject} to ${input.to}`);
    return { messageId: MessageId.parse(attempt.id), sentAt: ctx.now };
  },
  { onFailed: ({ result }) => console.error(result.input.to) },
);

const sent: string[] = [];
export const server = createTaskServer({
  tasks,
  backend: memoryBackend(),
  createContext: () => ({ sent }),
  handlers: {
    sendEmail,
    tick: async ({ client }) => {
      await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    },
    blog: { publish: () => {}, count: ({ input }) => (input.by === "day" ? input.day.getUTCFullYear() : 0) },
  },
});

const result = await server.client.tasks.sendEmail.delay({ to: "grace@example.com", subject: "Hi" });
const count = await server.client.tasks.blog.count.delay({ by: "day", day: "2031-01-01T00:00:00Z" });
await server.client.tasks.tick.delay();
const worker = createWorker(server, { once: true });
await worker.start();
await worker.stopped;
const { sentAt } = await result.get();
console.log(JSON.stringify({ sent, sentAt, count: await count.get(), status: await result.status() }));
await server.close();
