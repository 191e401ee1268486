import { createTaskClient } from "@taskwright/client";
import type { AsyncResult, TaskCaller, TaskOutput, TaskTransport } from "@taskwright/shared";
import type { Tasks } from "consumer-api/tasks";

export const connect = (transport: TaskTransport) => createTaskClient<Tasks>({ transport });
export const send = (transport: TaskTransport, to: string) =>
  connect(transport).tasks.sendEmail.delay({ to });
export const publish = async (transport: TaskTransport, text: string) =>
  connect(transport).tasks.blog.publish.enqueue({ text, answers: [] }, { eta: new Date() });

export const refused = (transport: TaskTransport) => [
  // @ts-expect-error -- the contract's types have survived as declarations: this is no address
  connect(transport).tasks.sendEmail.delay({ to: 1 }),
  // @ts-expect-error -- and deep in a recursive type, too
  connect(transport).tasks.blog.publish.delay({ text: "", answers: [{ text: "", answers: [1] }] }),
  // @ts-expect-error -- the contract has no such queue
  connect(transport).tasks.tick.enqueue(undefined, { queue: "mails" }),
];

export async function wait(transport: TaskTransport) {
  const result = await send(transport, "ada@example.com");
  const { sentAt } = await result.get({ timeout: "30s" });
  return { result, year: sentAt.getFullYear() };
}

export async function sendByUrl(url: string, to: string) {
  const client = createTaskClient<Tasks>({ url, headers: { authorization: "Bearer …" } });
  const result = await client.tasks.sendEmail.delay({ to });
  result.onProgress(({ status }) => status);
  return result;
}

export type Sent = TaskOutput<Tasks["sendEmail"]>;
export type SendEmail = TaskCaller<{ to: string; subject?: string | undefined }, Sent, "default" | "emails">;
export const urgent = (caller: SendEmail): SendEmail => caller.using({ priority: 50 });
export const idOf = (result: AsyncResult<Sent>) => result.id;
