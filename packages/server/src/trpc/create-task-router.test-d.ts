import {
  type CancelAnswer,
  type Enqueued,
  initTasks,
  type ProgressUpdate,
  type TaskResult,
  type TaskResultOnWire,
} from "@taskwright/shared";
import {
  type inferRouterInputs,
  type inferRouterOutputs,
  initTRPC,
  TRPCError,
  type TRPCMutationProcedure,
} from "@trpc/server";
import superjson from "superjson";
import { expectTypeOf } from "vitest";
import * as z from "zod";
import { memoryBackend } from "../backends/memory/index.ts";
import { createTaskServer } from "../create-task-server.ts";
import type { AllowableOption, CallerRights } from "./caller-rights.ts";
import {
  createTaskRouter,
  type ServedTasks,
  type TaskRouterOptions,
  type TaskTrpcRouter,
} from "./create-task-router.ts";
import type { ExposedTasks } from "./exposed-tasks.ts";
import type {
  CallerOptions,
  CallFields,
  ProgressEvent,
  ResultFields,
  ResultProcedures,
  TaskProcedures,
  TaskProceduresOf,
} from "./task-router.ts";
import type { ContextOf, TrpcInstance, TrpcProcedure, TrpcTypes } from "./trpc-instance.ts";

const contract = initTasks.create({ queues: ["default", "slow"] });
const tasks = contract.router({
  sendEmail: contract.task.input(z.object({ to: z.email() })).output(z.object({ id: z.string() })),
  tick: contract.task,
  maybe: contract.task.input(z.object({ a: z.int() }).optional()),
  billing: contract.router({
    invoice: contract.task.input(z.object({ orderId: z.int() })),
    refund: contract.task.input(z.object({ orderId: z.int() })),
  }),
});
const server = createTaskServer({
  tasks,
  backend: memoryBackend(),
  handlers: {
    sendEmail: () => ({ id: "" }),
    tick: () => {},
    maybe: () => {},
    billing: { invoice: () => {}, refund: () => {} },
  },
});
const t = initTRPC.context<{ user: string | null }>().create();
const signedIn = t.procedure.use(({ ctx, next }) => {
  if (ctx.user === null) throw new TRPCError({ code: "UNAUTHORIZED" });
  return next({ ctx: { user: ctx.user } });
});
const mail = { to: "ada@example.com" };

expectTypeOf(server).toExtend<ServedTasks<typeof tasks>>();
expectTypeOf(t).toExtend<TrpcInstance<TrpcTypes>>();
expectTypeOf(signedIn).toExtend<TrpcProcedure>();

// --- What rights are told is the context that the procedure's middleware leaves ---

expectTypeOf<ContextOf<typeof t.procedure>>().toEqualTypeOf<{ user: string | null }>();
expectTypeOf<ContextOf<typeof signedIn>>().toEqualTypeOf<{ user: string }>();
const router = createTaskRouter(t, server, {
  procedure: signedIn,
  scope: (ctx) => ctx.user,
  tags: async (ctx) => [ctx.user],
  canRead: (ctx, result) => {
    expectTypeOf(ctx).toEqualTypeOf<{ user: string }>();
    expectTypeOf(result).toEqualTypeOf<TaskResult>();
    return result.tags.includes(ctx.user);
  },
  canCancel: () => false,
});
expectTypeOf<CallerRights<{ user: string }>["scope"]>().toEqualTypeOf<
  ((ctx: { user: string }) => string | null | Promise<string | null>) | undefined
>();
expectTypeOf<TaskRouterOptions<typeof signedIn, "tick", "priority">["expose"]>().toEqualTypeOf<
  readonly "tick"[] | undefined
>();
// @ts-expect-error -- nothing is open by accident
createTaskRouter(t, server, {});
// @ts-expect-error -- an unknown option
createTaskRouter(t, server, { procedure: signedIn, canread: () => true });
// @ts-expect-error -- no such task
createTaskRouter(t, server, { procedure: signedIn, expose: ["sendMail"] });
// @ts-expect-error -- no such option of a call
createTaskRouter(t, server, { procedure: signedIn, allowOptions: ["label"] });
// @ts-expect-error -- a context without that
createTaskRouter(t, server, { procedure: t.procedure, scope: (ctx) => ctx.session });
// @ts-expect-error -- a client is no server
createTaskRouter(t, server.client, { procedure: signedIn });
// @ts-expect-error -- a procedure and not an instance
createTaskRouter(t.procedure, server, { procedure: signedIn });

// --- What procedures take and give ---

type Inputs = inferRouterInputs<typeof router>;
type Outputs = inferRouterOutputs<typeof router>;
expectTypeOf(router).toEqualTypeOf<TaskTrpcRouter<(typeof t)["_config"]["$types"], typeof tasks>>();
expectTypeOf<Inputs["tasks"]["sendEmail"]["delay"]>().toEqualTypeOf<{ to: string }>();
expectTypeOf<Outputs["tasks"]["sendEmail"]["delay"]>().toExtend<Enqueued>();
expectTypeOf<Outputs["tasks"]["billing"]["invoice"]["enqueueMany"][number]>().toExtend<Enqueued>();
expectTypeOf<Outputs["results"]["cancel"]>().toEqualTypeOf<CancelAnswer>();
expectTypeOf<Outputs["results"]["get"]["enqueuedAt"]>().toEqualTypeOf<string>();
expectTypeOf<Outputs["results"]["wait"]>().extract<null>().toEqualTypeOf<null>();
expectTypeOf<Inputs["results"]["get"]>().toEqualTypeOf<ResultFields>();
expectTypeOf<TaskResultOnWire["enqueuedAt"]>().toEqualTypeOf<Date>();
type Sends = TaskProcedures<{ to: string }, "default" | "slow", "countdown" | "eta">;
expectTypeOf(router.tasks.sendEmail).toEqualTypeOf<Sends>();
expectTypeOf<Sends["delay"]>().toEqualTypeOf<
  TRPCMutationProcedure<{ input: { to: string }; output: Enqueued; meta: unknown }>
>();
expectTypeOf(router.tasks).toEqualTypeOf<TaskProceduresOf<(typeof tasks)["~router"], "countdown" | "eta">>();
expectTypeOf(router.results).toEqualTypeOf<ResultProcedures>();

const caller = router.createCaller({ user: "ada" });
void caller.tasks.sendEmail.delay(mail);
void caller.tasks.sendEmail.enqueue({ input: mail, options: { countdown: "5m" }, requestKey: "…" });
void caller.tasks.sendEmail.applyAsync({ input: mail, options: { eta: new Date() } });
void caller.tasks.sendEmail.enqueueMany({ inputs: [mail, mail] });
void caller.tasks.tick.delay();
void caller.tasks.tick.enqueue({});
void caller.tasks.maybe.delay();
void caller.tasks.maybe.enqueue({ options: { countdown: 1 } });
void caller.tasks.billing.invoice.delay({ orderId: 1 });
// @ts-expect-error -- a wrong input
void caller.tasks.sendEmail.delay({ to: 1 });
// @ts-expect-error -- a missing input
void caller.tasks.sendEmail.enqueue({ options: { countdown: "5m" } });
// @ts-expect-error -- no such task
void caller.tasks.sendMail.delay(mail);
// @ts-expect-error -- an option that is not allowed
void caller.tasks.sendEmail.enqueue({ input: mail, options: { priority: 1 } });
// @ts-expect-error -- a task without input
void caller.tasks.tick.delay({});
async function follow() {
  for await (const event of await caller.results.progress({ id: "1" })) {
    expectTypeOf(event).toEqualTypeOf<ProgressEvent>();
    expectTypeOf(event.data).toEqualTypeOf<ProgressUpdate>();
  }
}
void follow;

// --- Options that are allowed, and only those ---

const open = createTaskRouter(t, server, {
  procedure: t.procedure,
  allowOptions: ["priority", "queue", "deduplicationId"],
  scope: () => "all",
}).createCaller({ user: null });
void open.tasks.sendEmail.enqueue({
  input: mail,
  options: { priority: 1, queue: "slow", deduplicationId: "a" },
});
expectTypeOf<CallFields<"slow", "priority" | "queue">["options"]>().toEqualTypeOf<
  { readonly priority?: number; readonly queue?: "slow" } | undefined
>();
expectTypeOf<keyof CallerOptions<"slow">>().toEqualTypeOf<AllowableOption>();
expectTypeOf<"countdown" | "tags">().toExtend<AllowableOption>();
// @ts-expect-error -- no longer allowed
void open.tasks.sendEmail.enqueue({ input: mail, options: { countdown: 1 } });
// @ts-expect-error -- the contract has no such queue
void open.tasks.sendEmail.enqueue({ input: mail, options: { queue: "fast" } });
// @ts-expect-error -- under one id only the first would be stored
void open.tasks.sendEmail.enqueueMany({ inputs: [mail], options: { deduplicationId: "a" } });

// --- Tasks that are exposed, and only those ---

const some = createTaskRouter(t, server, { procedure: t.procedure, expose: ["tick", "billing.invoice"] });
expectTypeOf<keyof typeof some.tasks>().toEqualTypeOf<"tick" | "billing">();
expectTypeOf<keyof typeof some.tasks.billing>().toEqualTypeOf<"invoice">();
const billing = createTaskRouter(t, server, { procedure: t.procedure, expose: ["billing"] });
expectTypeOf<keyof typeof billing.tasks.billing>().toEqualTypeOf<"invoice" | "refund">();
expectTypeOf<ExposedTasks<(typeof tasks)["~router"], never>>().toEqualTypeOf<(typeof tasks)["~router"]>();
// @ts-expect-error -- it is not exposed
void some.tasks.sendEmail;

// --- Transformers ---

const able = initTRPC.create({ transformer: superjson });
const dates = createTaskRouter(able, server, { procedure: able.procedure });
expectTypeOf<inferRouterOutputs<typeof dates>["results"]["get"]["enqueuedAt"]>().toEqualTypeOf<Date>();
const rich = initTasks.create({ transformer: superjson });
const richTasks = rich.router({ inner: rich.router({ at: rich.task.input(z.date()) }) });
const richServer = createTaskServer({
  tasks: richTasks,
  backend: memoryBackend(),
  handlers: { inner: { at: () => {} } },
});
createTaskRouter(able, richServer, { procedure: able.procedure });
// @ts-expect-error -- JSON has no Date
createTaskRouter(t, richServer, { procedure: t.procedure });
