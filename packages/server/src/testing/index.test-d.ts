import { initTasks, type TaskResult } from "@taskwright/shared";
import { expectTypeOf } from "vitest";
import * as z from "zod";
import type { Backend, Finding } from "../backend/index.ts";
import { memoryBackend } from "../backends/memory/index.ts";
import type { Host } from "../core/host.ts";
import { createTaskServer, type TaskServer } from "../create-task-server.ts";
import {
  createTestServer,
  type DrainOptions,
  type DummyBackend,
  dummyBackend,
  type EnqueuedTask,
  type EnqueuedTaskOf,
  type Fault,
  type Faults,
  type FaultTimes,
  type FaultyOperation,
  HeldHost,
  immediateBackend,
  type PartialInput,
  type TestClock,
  type TestServer,
  type TestServerOptions,
  type WithFaults,
  withFaults,
} from "./index.ts";

const t = initTasks.create();
const tasks = t.router({
  sendEmail: t.task.input(z.object({ to: z.string(), cc: z.array(z.object({ name: z.string() })) })),
  tidy: t.task,
  billing: t.router({ invoice: t.task.input(z.object({ orderId: z.int() })).output(z.string()) }),
});
const handlers = { sendEmail: () => {}, tidy: () => {}, billing: { invoice: () => "paid" } };

const server = createTestServer({ tasks, handlers });
expectTypeOf(server).toEqualTypeOf<TestServer<typeof tasks>>();
expectTypeOf(server).toExtend<TaskServer<typeof tasks>>();
expectTypeOf(server.clock).toEqualTypeOf<TestClock>();
expectTypeOf(server.faults).toEqualTypeOf<Faults>();
expectTypeOf(server.drain).toEqualTypeOf<(options?: DrainOptions) => Promise<readonly TaskResult[]>>();
expectTypeOf<DrainOptions>().toEqualTypeOf<{
  readonly withScheduled?: boolean;
  readonly withRetries?: boolean;
  readonly limit?: number;
}>();
createTestServer({ tasks, handlers: { billing: { invoice: () => "" } }, only: ["billing"], now: new Date() });
createTestServer({
  tasks,
  handlers: { ...handlers, tidy: ({ ctx }) => void ctx.name.length },
  createContext: () => ({ name: "Ada" }),
  now: "2030-01-01T00:00:00Z",
  faults: [{ fault: "outage" }],
  logger: console,
});
expectTypeOf<TestServerOptions<typeof tasks, object>>().toHaveProperty("onFailed");
expectTypeOf<TestServerOptions<typeof tasks, object>>().not.toHaveProperty("host");

// @ts-expect-error -- a handler is missing
createTestServer({ tasks, handlers: { tidy: () => {} } });
// @ts-expect-error -- its output is text
createTestServer({ tasks, handlers: { ...handlers, billing: { invoice: () => 7 } } });
// @ts-expect-error -- it makes its own backend
createTestServer({ tasks, handlers, backend: memoryBackend() });

// What was enqueued
const invoice = server.enqueued("billing.invoice")[0];
expectTypeOf(invoice).toEqualTypeOf<EnqueuedTask<"billing.invoice", { orderId: number }> | undefined>();
expectTypeOf(server.enqueued("tidy")[0]?.input).toEqualTypeOf<undefined | void>();
const [any] = server.enqueued();
expectTypeOf(any).toEqualTypeOf<EnqueuedTaskOf<typeof tasks> | undefined>();
if (any?.path === "sendEmail") expectTypeOf(any.input.to).toEqualTypeOf<string>();
server.enqueued("sendEmail", {});
server.enqueued("sendEmail", { cc: [{}, { name: "Ada" }] });
expectTypeOf<EnqueuedTask["input"]>().toEqualTypeOf<unknown>();
// @ts-expect-error -- no such task
server.enqueued("sendEmial");
// @ts-expect-error -- a router is no task
server.enqueued("billing");
// @ts-expect-error -- no such property of the input
server.enqueued("sendEmail", { form: "Ada" });
// @ts-expect-error -- a number is no text
server.enqueued("sendEmail", { to: 7 });
// @ts-expect-error -- nor deep inside
server.enqueued("sendEmail", { cc: [{ name: 7 }] });

expectTypeOf<PartialInput<{ at: Date; tags: string[]; who: { name: string } }>>().toEqualTypeOf<{
  readonly at?: Date | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly who?: { readonly name?: string | undefined } | undefined;
}>();

// The clock
expectTypeOf(server.clock.now()).toEqualTypeOf<Date>();
expectTypeOf(server.clock.advance("10m")).toEqualTypeOf<Promise<void>>();
expectTypeOf(server.clock.advanceTo(new Date())).toEqualTypeOf<Promise<void>>();
expectTypeOf(server.clock.advanceTo("2030-01-01")).toEqualTypeOf<Promise<void>>();
// @ts-expect-error -- a duration has a unit
void server.clock.advance(10);
// @ts-expect-error -- and a known one
void server.clock.advance("10 minutes");
// @ts-expect-error -- not milliseconds
void server.clock.advanceTo(0);

// Backends
expectTypeOf(immediateBackend()).toEqualTypeOf<Backend>();
const dummy = dummyBackend();
expectTypeOf(dummy).toEqualTypeOf<DummyBackend>();
expectTypeOf(dummy.results).toEqualTypeOf<readonly EnqueuedTask[]>();
expectTypeOf(dummy.clear()).toEqualTypeOf<void>();
createTaskServer({ tasks, handlers, backend: immediateBackend() });
createTaskServer({ tasks, handlers, backend: dummy });
// @ts-expect-error -- it keeps what comes in by enqueues
dummy.results = [];

// The machine below a test server, for servers on other backends
const host = new HeldHost(Date.UTC(2030, 0, 1));
expectTypeOf(host).toExtend<Host>();
expectTypeOf(host.processName).toEqualTypeOf<string>();
expectTypeOf(host.advance(1_000)).toEqualTypeOf<Promise<void>>();
expectTypeOf(host.during(Promise.resolve("done"))).toEqualTypeOf<Promise<string>>();
createTaskServer({ tasks, handlers, backend: memoryBackend(), host });
// @ts-expect-error -- what its clock shows at first is a number of milliseconds
new HeldHost(new Date());
// @ts-expect-error -- by how much it moves, too
void host.advance("1s");

// Faults
const faulty = withFaults(dummy, [
  { fault: "crashAfterClaim", task: "sendEmail" },
  { fault: "crashAfterRun", times: 2 },
  { fault: "duplicateDelivery", skip: 1 },
  { fault: "lostAnswer", on: "leases.settle" },
  { fault: "outage", on: ["store.enqueue", "store.get"], times: 3 },
  { fault: "outage" },
  { fault: "delay", by: "5s", on: "leases.claim" },
]);
expectTypeOf(faulty).toEqualTypeOf<WithFaults<DummyBackend>>();
expectTypeOf(faulty.results).toEqualTypeOf<readonly EnqueuedTask[]>();
expectTypeOf(faulty.diagnose()).toEqualTypeOf<Promise<readonly Finding[]>>();
expectTypeOf(faulty.faults.pending).toEqualTypeOf<readonly Fault[]>();
expectTypeOf<FaultTimes>().toEqualTypeOf<{ readonly times?: number; readonly skip?: number }>();
expectTypeOf<"store.enqueue" | "leases.claim" | "schedules.due">().toExtend<FaultyOperation>();
expectTypeOf<"store.placeId">().not.toExtend<FaultyOperation>();
faulty.faults.inject({ fault: "crashAfterClaim" }, { fault: "outage" });
// @ts-expect-error -- of what?
faulty.faults.inject({ fault: "lostAnswer" });
// @ts-expect-error -- no such operation
faulty.faults.inject({ fault: "lostAnswer", on: "store.enqueueMany" });
// @ts-expect-error -- a delay has a length
faulty.faults.inject({ fault: "delay", on: "store.get" });
// @ts-expect-error -- an outage is of operations
faulty.faults.inject({ fault: "outage", task: "sendEmail" });
// @ts-expect-error -- no such fault
faulty.faults.inject({ fault: "crash" });
