import { type AsyncResult, initTasks, type TaskClient, type TaskTransport } from "@taskwright/shared";
import { createTRPCClient, loggerLink } from "@trpc/client";
import { initTRPC } from "@trpc/server";
import superjson from "superjson";
import { expectTypeOf } from "vitest";
import * as z from "zod";
import {
  type CallLimitOptions,
  type ClientOptions,
  createTaskClient,
  type TaskTrpcClient,
  type TrpcClientOptions,
  type UrlClientOptions,
} from "./create-task-client.ts";
import type { ClientHeaders, ClientLink, ClientTransformer } from "./server-address.ts";

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
// @ts-expect-error -- it needs a url, a trpc or a transport
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

// --- At a URL ---

const isoDate = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});
const dated = t.router({ send: t.task.input(isoDate).output(z.object({ at: isoDate })) });

const encoded = createTaskClient<typeof dated>({ url: "/api/trpc" });
expectTypeOf(encoded).toEqualTypeOf<TaskClient<typeof dated, "encoded">>();
expectTypeOf(encoded.tasks.send.delay).parameters.toEqualTypeOf<[input: string]>();
expectTypeOf(encoded.tasks.send.result("1").get).returns.resolves.toEqualTypeOf<{ at: string }>();
const decoded = createTaskClient<typeof dated>({ url: "/api/trpc", transformer: superjson });
expectTypeOf(decoded).toEqualTypeOf<TaskClient<typeof dated>>();
expectTypeOf(decoded.tasks.send.result("1").get).returns.resolves.toEqualTypeOf<{ at: Date }>();

createTaskClient<typeof dated>({
  url: "https://example.com/trpc",
  path: "background",
  headers: async () => ({ authorization: "Bearer …" }),
  fetch,
  links: [loggerLink()],
  timeout: "10s",
  retries: 0,
});
expectTypeOf<Exclude<keyof UrlClientOptions, keyof CallLimitOptions>>().toEqualTypeOf<
  "url" | "path" | "headers" | "fetch" | "links" | "transformer"
>();
expectTypeOf<{ authorization: string }>().toExtend<ClientHeaders>();
expectTypeOf<() => { authorization: string }>().toExtend<ClientHeaders>();
expectTypeOf(superjson).toExtend<ClientTransformer>();
expectTypeOf({ input: superjson, output: superjson }).toExtend<ClientTransformer>();
expectTypeOf(loggerLink()).toExtend<ClientLink>();
// @ts-expect-error -- a number has no unit
createTaskClient<typeof dated>({ url: "/api/trpc", timeout: 10 });
// @ts-expect-error -- an unknown option
createTaskClient<typeof dated>({ url: "/api/trpc", header: {} });
// @ts-expect-error -- half a transformer
createTaskClient<typeof dated>({ url: "/api/trpc", transformer: { serialize: superjson.serialize } });

// A contract with a transformer needs one all the way.
const rich = initTasks.create({ transformer: superjson });
const richTasks = rich.router({ inner: rich.router({ at: rich.task.input(z.date()).output(z.date()) }) });
const richClient = createTaskClient<typeof richTasks>({ url: "/api/trpc", transformer: superjson });
expectTypeOf(richClient.tasks.inner.at.delay).parameters.toEqualTypeOf<[input: Date]>();
expectTypeOf(richClient.tasks.inner.at.result("1").get).returns.resolves.toEqualTypeOf<Date>();
// @ts-expect-error -- JSON has no Date
createTaskClient<typeof richTasks>({ url: "/api/trpc" });

// --- By a tRPC client ---

declare const withDates: TaskTrpcClient<Date>;
declare const withText: TaskTrpcClient<string>;
expectTypeOf(createTaskClient<typeof dated>({ trpc: withDates })).toEqualTypeOf<TaskClient<typeof dated>>();
expectTypeOf(createTaskClient<typeof dated>({ trpc: withText, retries: 1 })).toEqualTypeOf<
  TaskClient<typeof dated, "encoded">
>();
expectTypeOf<Exclude<keyof TrpcClientOptions<Date>, keyof CallLimitOptions>>().toEqualTypeOf<
  "trpc" | "path"
>();
// @ts-expect-error -- give trpc as the part where the router of tasks hangs, such as trpc.background
createTaskClient<typeof dated>({ trpc: withText, path: "background" });
createTaskClient<typeof richTasks>({ trpc: withDates });
// @ts-expect-error -- JSON has no Date
createTaskClient<typeof richTasks>({ trpc: withText });
const { procedure, router } = initTRPC.create();
const other = router({ hello: procedure.query(() => "hi") });
const otherClient = createTRPCClient<typeof other>({ links: [] });
// @ts-expect-error -- there are no tasks
createTaskClient<typeof dated>({ trpc: otherClient });
