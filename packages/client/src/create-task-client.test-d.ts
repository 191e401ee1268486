import { type AsyncResult, initTasks, type TaskClient, type TaskTransport } from "@taskwright/shared";
import { expectTypeOf } from "vitest";
import * as z from "zod";
import { type ClientOptions, createTaskClient } from "./create-task-client.ts";

const t = initTasks.create();
const tasks = t.router({
  sendEmail: t.task.input(z.object({ to: z.email() })).output(z.object({ messageId: z.string() })),
  inner: t.router({ tick: t.task }),
});
declare const transport: TaskTransport;

// The router's type is all it needs; a value of it would bring the schemas into a frontend.
const client = createTaskClient<typeof tasks>({ transport });
expectTypeOf(client).toEqualTypeOf<TaskClient<typeof tasks>>();
expectTypeOf(client.tasks.sendEmail.delay({ to: "ada@example.com" })).resolves.toEqualTypeOf<
  AsyncResult<{ messageId: string }, { to: string }>
>();
expectTypeOf(client.tasks.inner.tick.delay).parameters.toEqualTypeOf<[]>();
expectTypeOf<ClientOptions>().toEqualTypeOf<{ readonly transport: TaskTransport }>();

// @ts-expect-error -- a wrong input
client.tasks.sendEmail.delay({ to: 1 });
// @ts-expect-error -- an unknown task
client.tasks.inner.tock;
// @ts-expect-error -- it needs a transport
createTaskClient<typeof tasks>({});
// @ts-expect-error -- an unknown option
createTaskClient<typeof tasks>({ transport, url: "/api" });
// @ts-expect-error -- and options
createTaskClient<typeof tasks>();
// @ts-expect-error -- a backend is for the client of the server's package
createTaskClient(tasks, { backend: {} });
// @ts-expect-error -- a record of tasks is no router
createTaskClient<{ tick: typeof t.task }>({ transport });
// @ts-expect-error -- half a transport
createTaskClient<typeof tasks>({ transport: { enqueue: transport.enqueue } });
