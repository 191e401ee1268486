import { initTasks } from "@taskwright/shared";
import { initTRPC } from "@trpc/server";
import superjson from "superjson";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { memoryBackend } from "../backends/memory/index.ts";
import { createTaskServer } from "../create-task-server.ts";
import { createTaskRouter } from "./create-task-router.ts";
import { ada, mail, nobody, open, refusal, serve, t, tasks } from "./router-callers.setup.test.ts";

describe("the procedures of a task", () => {
  it("enqueue it by each of its names", async () => {
    const { server, as } = open();
    const caller = as(ada);
    const answers = [
      await caller.tasks.sendEmail.delay(mail),
      await caller.tasks.sendEmail.applyAsync({ input: mail, options: { countdown: 60 } }),
      await caller.tasks.sendEmail.enqueue({ input: mail, options: { eta: "2030-01-01T00:00:00Z" } }),
      ...(await caller.tasks.sendEmail.enqueueMany({ inputs: [mail, mail] })),
      await caller.tasks.tick.delay(undefined),
      await caller.tasks.tick.enqueue({}),
      await caller.tasks.billing.invoice.delay({ orderId: 1 }),
    ];
    for (const answer of answers) {
      expect(answer).toEqual({ id: expect.any(String), deduplicated: false, status: "READY" });
    }
    const records = await Promise.all(answers.map(({ id }) => server.client.results.get(id)));
    expect(records.map(({ path }) => path)).toEqual([
      ...Array(5).fill("sendEmail"),
      "tick",
      "tick",
      "billing.invoice",
    ]);
    expect(records[2]?.runAfter).toEqual(new Date("2030-01-01T00:00:00Z"));
    expect(records.every(({ tags }) => tags.includes("user:ada"))).toBe(true);
  });
});

describe("what is wrong with a call", () => {
  it("is told in tRPC's words, with the error of this library as the cause", async () => {
    const caller = open().as(ada);
    expect(await refusal(caller.tasks.sendEmail.delay({ to: "nowhere" }))).toMatchObject({
      trpc: "BAD_REQUEST",
      code: "PAYLOAD_ERROR",
      data: { task: "sendEmail", side: "input", issues: [{ path: ["to"], code: "invalid_format" }] },
    });
    expect(
      await refusal(caller.tasks.sendEmail.enqueueMany({ inputs: [mail, { to: 1 as never }] })),
    ).toMatchObject({ trpc: "BAD_REQUEST", code: "PAYLOAD_ERROR", data: { index: 1 } });
    expect(
      await refusal(
        caller.tasks.sendEmail.enqueue({ input: mail, options: { countdown: "5 minutes" as "5m" } }),
      ),
    ).toMatchObject({ trpc: "BAD_REQUEST", code: "INVALID_OPTION", data: { option: "countdown" } });
  });

  it("of its own fields names them", async () => {
    const caller = open().as(ada);
    const enqueue = caller.tasks.sendEmail.enqueue as (input: unknown) => Promise<unknown>;
    expect(await refusal(enqueue(undefined))).toMatchObject({
      trpc: "BAD_REQUEST",
      code: "INVALID_OPTION",
      message:
        "enqueue of sendEmail takes an object of input, options, requestKey; none came. Where this tRPC instance has a transformer, its clients need the same one.",
    });
    expect(await refusal(enqueue({ inptu: mail }))).toMatchObject({
      message: expect.stringContaining('Did you mean "input"?'),
    });
    expect(await refusal(enqueue(JSON.parse('{"input":{"to":"a@b.de"},"__proto__":{}}')))).toMatchObject({
      code: "INVALID_OPTION",
    });
    expect(await refusal(enqueue({ input: JSON.parse('{"to":"a@b.de","__proto__":{}}') }))).toMatchObject({
      code: "PAYLOAD_ERROR",
    });
    for (const options of ["soon", null, []])
      expect(await refusal(enqueue({ input: mail, options }))).toMatchObject({ code: "INVALID_OPTION" });
    expect(
      await refusal(enqueue({ input: mail, options: JSON.parse('{"__proto__":{"priority":1}}') })),
    ).toMatchObject({ trpc: "FORBIDDEN", data: { option: "__proto__" } });
  });

  it("in the number of inputs says how many there may be", async () => {
    const caller = open().as(ada);
    const inputs = Array(10_000).fill(mail);
    expect(await refusal(caller.tasks.sendEmail.enqueueMany({ inputs }))).toMatchObject({
      trpc: "BAD_REQUEST",
      code: "INVALID_OPTION",
      message:
        "enqueueMany of sendEmail takes an array of at most 1000 inputs from here; got an array of length 10000; make several calls.",
    });
    expect(await caller.tasks.sendEmail.enqueueMany({ inputs: inputs.slice(0, 1_000) })).toHaveLength(1_000);
    expect(await caller.tasks.sendEmail.enqueueMany({ inputs: [] })).toEqual([]);
  });

  it("in the middleware of the procedure is the middleware's", async () => {
    const { server, as } = open();
    const failure = await as(nobody)
      .tasks.sendEmail.delay(mail)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "UNAUTHORIZED" });
    expect((await server.client.results.list()).results).toEqual([]);
  });
});

describe("expose", () => {
  it("offers what it names, and hides the rest", async () => {
    const server = serve();
    const router = createTaskRouter(t, server, {
      procedure: t.procedure,
      expose: ["tick", "billing.invoice"],
      canRead: () => true,
    });
    const caller = router.createCaller(ada);
    await caller.tasks.billing.invoice.delay({ orderId: 1 });
    expect(Object.keys(router._def.procedures).filter((name) => name.endsWith(".delay"))).toEqual([
      "tasks.tick.delay",
      "tasks.billing.invoice.delay",
    ]);
    const { id } = await server.client.tasks.sendEmail.delay(mail);
    expect(await refusal(caller.results.get({ id }))).toMatchObject({ code: "RESULT_NOT_FOUND" });
  });

  it("names whole routers", () => {
    const router = createTaskRouter(t, serve(), { procedure: t.procedure, expose: ["billing"] });
    expect(Object.keys(router._def.procedures).filter((name) => name.endsWith(".delay"))).toEqual([
      "tasks.billing.invoice.delay",
      "tasks.billing.refund.delay",
    ]);
  });
});

describe("the router", () => {
  const server = serve();
  const procedure = t.procedure;

  it("stands beside other routers, in them and merged with them", async () => {
    const taskRouter = createTaskRouter(t, server, { procedure });
    const nested = t.router({ hello: procedure.query(() => "hi"), background: taskRouter });
    const merged = t.mergeRouters(t.router({ hello: procedure.query(() => "hi") }), taskRouter);
    expect(await nested.createCaller(ada).hello()).toBe("hi");
    expect(await nested.createCaller(ada).background.tasks.tick.delay(undefined)).toMatchObject({
      status: "READY",
    });
    expect(await merged.createCaller(ada).hello()).toBe("hi");
    expect(await merged.createCaller(ada).tasks.tick.delay(undefined)).toMatchObject({ status: "READY" });
  });

  it("of a contract with a transformer needs a tRPC instance with one", () => {
    const rich = initTasks.create({ transformer: superjson });
    const dated = rich.router({ inner: rich.router({ at: rich.task.input(z.date()) }) });
    const other = createTaskServer({
      tasks: dated,
      backend: memoryBackend(),
      handlers: { inner: { at: () => {} } },
    });
    expect(() => createTaskRouter(t, other as never, { procedure })).toThrow(
      "createTaskRouter() needs a tRPC instance with a transformer, as the contract of inner.at has one (superjson): initTRPC.create({ transformer }).",
    );
    const able = initTRPC.create({ transformer: superjson });
    expect(createTaskRouter(able, other, { procedure: able.procedure })).toBeDefined();
  });

  it.each([
    [[undefined, server, { procedure }], "needs a tRPC instance first"],
    [[initTRPC, server, { procedure }], "needs a tRPC instance first"],
    [[t, undefined, { procedure }], "needs a server second"],
    [[t, tasks, { procedure }], "needs a server second"],
    [[t, server, undefined], "createTaskRouter() takes its options as a plain object; got undefined."],
    [[t, server, {}], "needs procedure: the one that says who may call"],
    [[t, server, { procedure: t }], "needs procedure"],
    [[t, server, { procedure: procedure.input((tenant) => tenant) }], "needs a procedure without input()"],
    [[t, server, { procedure, canread: () => true }], 'Did you mean "canRead"?'],
    [[t, server, { procedure, canRead: true }], "canRead must be a function; got boolean."],
    [[t, server, { procedure, expose: ["sendEmial"] }], 'Did you mean "sendEmail"?'],
    [[t, server, { procedure, expose: "sendEmail" }], "expose must be an array of paths"],
    [[t, server, { procedure, allowOptions: ["prio"] }], 'names "prio", which is no option of a call.'],
    [[t, server, { procedure, allowOptions: "priority" }], "allowOptions must be an array of names"],
    [[t, server, { procedure, allowOptions: ["deduplicationId"] }], "which needs scope"],
  ])("is refused what it cannot be made of, %#", (words, message) => {
    expect(() => Reflect.apply(createTaskRouter, undefined, words)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringContaining(message) }),
    );
  });
});
