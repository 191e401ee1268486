import { initTasks } from "@taskwright/shared";
import { initTRPC, TRPCError } from "@trpc/server";
import superjson from "superjson";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { memoryBackend } from "../backends/memory/index.ts";
import { createTaskServer } from "../create-task-server.ts";
import { createTaskRouter } from "./create-task-router.ts";

const contract = initTasks.create({ queues: ["default", "slow"] });
const tasks = contract.router({
  sendEmail: contract.task.input(z.object({ to: z.email() })).output(z.object({ messageId: z.string() })),
  tick: contract.task,
  billing: contract.router({
    invoice: contract.task.input(z.object({ orderId: z.int() })),
    refund: contract.task.input(z.object({ orderId: z.int() })),
  }),
});

function serve() {
  return createTaskServer({
    tasks,
    backend: memoryBackend(),
    logger: false,
    handlers: {
      sendEmail: () => ({ messageId: "m" }),
      tick: () => {},
      billing: { invoice: () => {}, refund: () => {} },
    },
  });
}

interface Context {
  readonly user: string | null;
}

const t = initTRPC.context<Context>().create();
const ada: Context = { user: "ada" };
const bob: Context = { user: "bob" };
const nobody: Context = { user: null };
const mail = { to: "ada@example.com" };
const key = "0123456789abcdef";

const signedIn = t.procedure.use(({ ctx, next }) => {
  if (ctx.user === null) throw new TRPCError({ code: "UNAUTHORIZED" });
  return next({ ctx: { user: ctx.user } });
});

function open() {
  const server = serve();
  const router = createTaskRouter(t, server, {
    procedure: signedIn,
    allowOptions: ["countdown", "eta", "deduplicationId", "tags"],
    scope: (ctx) => ctx.user,
    tags: (ctx) => [`user:${ctx.user}`],
    canRead: (ctx, result) => result.tags.includes(`user:${ctx.user}`),
  });
  return { server, router, as: (ctx: Context) => router.createCaller(ctx) };
}

/** What a rejected call was, in tRPC's words and in ours. */
async function refusal(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => expect.fail("it did not reject"),
    (thrown: TRPCError) => thrown,
  );
  const { code, message, data } = error.cause as unknown as { code: string; message: string; data?: unknown };
  return { trpc: error.code, code, message, data };
}

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

describe("options", () => {
  it("of a call are countdown and eta unless more are allowed", async () => {
    const server = serve();
    const caller = createTaskRouter(t, server, { procedure: t.procedure }).createCaller(ada);
    const enqueue = (options: object) => caller.tasks.sendEmail.enqueue({ input: mail, options });
    await enqueue({ countdown: "5m" });
    await enqueue({ eta: new Date("2030-01-01"), priority: undefined });
    for (const option of [
      "priority",
      "queue",
      "runAfter",
      "backend",
      "tags",
      "maxRetries",
      "deduplicationId",
    ]) {
      expect(await refusal(enqueue({ countdown: 1, [option]: 1 }))).toEqual({
        trpc: "FORBIDDEN",
        code: "FORBIDDEN",
        message: expect.stringContaining(
          `The option "${option}" may not be set from here; allowed are: countdown, eta.`,
        ),
        data: { option },
      });
    }
  });

  it("that are allowed are taken", async () => {
    const server = serve();
    const caller = createTaskRouter(t, server, {
      procedure: t.procedure,
      allowOptions: ["priority", "queue"],
    }).createCaller(ada);
    const { id } = await caller.tasks.sendEmail.enqueue({
      input: mail,
      options: { priority: 7, queue: "slow" },
    });
    expect(await server.client.results.get(id)).toMatchObject({ priority: 7, queue: "slow" });
    expect(
      await refusal(caller.tasks.sendEmail.enqueue({ input: mail, options: { countdown: 1 } as object })),
    ).toMatchObject({ code: "FORBIDDEN", data: { option: "countdown" } });
  });

  it("deduplicate within the caller's scope only", async () => {
    const { as } = open();
    const enqueue = (ctx: Context) =>
      as(ctx).tasks.sendEmail.enqueue({ input: mail, options: { deduplicationId: "welcome" } });
    const first = await enqueue(ada);
    expect(await enqueue(ada)).toEqual({ ...first, deduplicated: true });
    const other = await enqueue(bob);
    expect(other).toMatchObject({ deduplicated: false });
    expect(other.id).not.toBe(first.id);
  });

  it("that deduplicate need a caller who is known", async () => {
    const router = createTaskRouter(t, serve(), {
      procedure: t.procedure,
      allowOptions: ["deduplicationId"],
      scope: (ctx) => ctx.user,
    });
    const options = { deduplicationId: "welcome" };
    expect(
      await refusal(router.createCaller(nobody).tasks.sendEmail.enqueue({ input: mail, options })),
    ).toMatchObject({ trpc: "FORBIDDEN", data: { option: "deduplicationId" } });
    await router.createCaller(ada).tasks.sendEmail.enqueue({ input: mail, options });
  });
});

/** Resolves when an enqueue can be told, by its time, from the one that made a task result. */
async function nextMillisecond(server: ReturnType<typeof serve>, id: string): Promise<void> {
  const { enqueuedAt } = await server.client.results.get(id);
  const { clock } = server["~engine"].backend("default");
  while (clock.now() <= enqueuedAt.getTime()) await new Promise(setImmediate);
}

describe("a requestKey", () => {
  it("stores a repeated call once, wherever the task result stands", async () => {
    const { server, as } = open();
    const call = { input: mail, requestKey: key };
    const first = await as(ada).tasks.sendEmail.enqueue(call);
    expect(await as(ada).tasks.sendEmail.enqueue(call)).toEqual(first);
    await server.client.results.cancel(first.id);
    await nextMillisecond(server, first.id);
    expect(await as(ada).tasks.sendEmail.enqueue(call)).toEqual({ ...first, status: "CANCELLED" });
    expect((await server.client.results.list()).results).toHaveLength(1);
  });

  it("tells of one enqueue only", async () => {
    const { server, as } = open();
    const enqueued: string[] = [];
    server.events.on("enqueued", ({ id }) => enqueued.push(id));
    const { id } = await as(ada).tasks.tick.enqueue({ requestKey: key });
    await nextMillisecond(server, id);
    await as(ada).tasks.tick.enqueue({ requestKey: key });
    expect(enqueued).toEqual([id]);
  });

  it("used for another input is a conflict that reveals nothing", async () => {
    const { as } = open();
    const { id } = await as(ada).tasks.sendEmail.enqueue({ input: mail, requestKey: key });
    const refused = await refusal(
      as(ada).tasks.sendEmail.enqueue({ input: { to: "bob@example.com" }, requestKey: key }),
    );
    expect(refused).toEqual({
      trpc: "CONFLICT",
      code: "REQUEST_CONFLICT",
      message: "The requestKey was used before, and not for this: make a new one for each call.",
      data: undefined,
    });
    expect(JSON.stringify(refused)).not.toContain(id);
  });

  it("of another caller, or for another task, is another key", async () => {
    const { as } = open();
    const ids = [
      await as(ada).tasks.billing.invoice.enqueue({ input: { orderId: 1 }, requestKey: key }),
      await as(bob).tasks.billing.invoice.enqueue({ input: { orderId: 1 }, requestKey: key }),
      await as(ada).tasks.billing.refund.enqueue({ input: { orderId: 1 }, requestKey: key }),
    ].map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
  });

  it("stores each of many once", async () => {
    const { server, as } = open();
    const call = { inputs: [mail, mail, { to: "bob@example.com" }], requestKey: key };
    const first = await as(ada).tasks.sendEmail.enqueueMany(call);
    expect(new Set(first.map(({ id }) => id)).size).toBe(3);
    expect(await as(ada).tasks.sendEmail.enqueueMany(call)).toEqual(first);
    expect((await server.client.results.list()).results).toHaveLength(3);
  });

  it("works beside the task's own deduplication", async () => {
    const { as } = open();
    const call = { input: mail, requestKey: key, options: { deduplicationId: "a" } };
    const first = await as(ada).tasks.sendEmail.enqueue(call);
    expect(await as(ada).tasks.sendEmail.enqueue(call)).toMatchObject({ id: first.id });
    expect(await as(ada).tasks.sendEmail.enqueue({ ...call, requestKey: `${key}2` })).toEqual({
      ...first,
      deduplicated: true,
    });
  });

  it.each(["", "short", "x".repeat(201), 1, null])("cannot be %j", async (requestKey) => {
    const caller = open().as(ada);
    expect(
      await refusal(caller.tasks.sendEmail.enqueue({ input: mail, requestKey: requestKey as string })),
    ).toMatchObject({ trpc: "BAD_REQUEST", code: "INVALID_OPTION", data: { option: "requestKey" } });
  });
});

describe("task results", () => {
  it("are read by those whom canRead lets, without what the server keeps to itself", async () => {
    const { as } = open();
    const { id } = await as(ada).tasks.sendEmail.delay(mail);
    const shown = await as(ada).results.get({ id });
    expect(shown).toMatchObject({ id, path: "sendEmail", status: "READY", input: mail, tags: ["user:ada"] });
    expect(Object.keys(shown)).not.toContain("workerIds");
    expect(Object.keys(shown)).not.toContain("backend");
    expect(await as(ada).results.wait({ id, timeoutMs: 0 })).toBeNull();
    expect(await as(ada).results.cancel({ id, path: "sendEmail" })).toBe("cancelled");
    expect(await as(ada).results.wait({ id })).toMatchObject({ status: "CANCELLED" });
  });

  it("of others look as if they were not there", async () => {
    const { as } = open();
    const { id } = await as(ada).tasks.sendEmail.delay(mail);
    const missing = id.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
    const { results } = as(bob);
    for (const call of [results.get, results.wait, results.cancel] as const) {
      const refused = await refusal(call({ id, path: "tick" }));
      expect(refused).toMatchObject({ trpc: "NOT_FOUND", code: "RESULT_NOT_FOUND" });
      const absent = await refusal(call({ id: missing, path: "tick" }));
      expect(JSON.stringify(absent).replaceAll(missing, id)).toBe(JSON.stringify(refused));
    }
    expect(await as(ada).results.get({ id })).toMatchObject({ status: "READY" });
  });

  it("are read by nobody unless canRead is given", async () => {
    const server = serve();
    const { tasks, results } = createTaskRouter(t, server, { procedure: t.procedure }).createCaller(ada);
    const { id } = await tasks.tick.delay(undefined);
    for (const one of [id, "no-such-id"]) {
      expect(await refusal(results.get({ id: one }))).toMatchObject({
        trpc: "FORBIDDEN",
        message: "Nobody may read task results from here: createTaskRouter() was given no canRead.",
      });
    }
  });

  it("may be readable and not cancellable", async () => {
    const { tasks, results } = createTaskRouter(t, serve(), {
      procedure: t.procedure,
      canRead: () => true,
      canCancel: (ctx) => ctx.user === "ada",
    }).createCaller(bob);
    const { id } = await tasks.tick.delay(undefined);
    expect(await refusal(results.cancel({ id }))).toMatchObject({ trpc: "FORBIDDEN" });
    expect(await results.get({ id })).toMatchObject({ status: "READY" });
  });

  it("of another task than the caller thinks are a mismatch", async () => {
    const { as } = open();
    const { id } = await as(ada).tasks.tick.delay(undefined);
    expect(await refusal(as(ada).results.get({ id, path: "sendEmail" }))).toMatchObject({
      trpc: "CONFLICT",
      code: "RESULT_MISMATCH",
    });
  });

  it("are looked for in a backend only where that option is allowed", async () => {
    const { as } = open();
    expect(await refusal(as(ada).results.get({ id: "a", backend: "default" }))).toMatchObject({
      trpc: "FORBIDDEN",
      data: { option: "backend" },
    });
    expect(await refusal(as(ada).results.get({ id: 1 as never }))).toMatchObject({ data: { option: "id" } });
    expect(await refusal(as(ada).results.wait({ id: "a", timeoutMs: -1 }))).toMatchObject({
      data: { option: "timeoutMs" },
    });
  });

  it("are told as they change, until they have ended, and again to who comes back", async () => {
    const { server, as } = open();
    const { id } = await as(ada).tasks.tick.delay(undefined);
    const ids: string[] = [];
    for await (const { id: eventId, data } of await as(ada).results.progress({ id })) {
      const { status, progress } = data;
      ids.push(eventId);
      expect(progress).toBeNull();
      if (ids.length === 1) {
        expect(status).toBe("READY");
        await server.client.results.cancel(id);
      } else expect(status).toBe("CANCELLED");
    }
    expect(ids).toHaveLength(2);
    const since = async (lastEventId: string | undefined) => {
      const told: string[] = [];
      for await (const { data } of await as(ada).results.progress({
        id,
        lastEventId: lastEventId ?? null,
      }))
        told.push(data.status);
      return told;
    };
    expect(await since(ids[0])).toEqual(["CANCELLED"]);
    expect(await since(ids[1])).toEqual([]);
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

describe("a fault of the server", () => {
  it("is logged and not told", async () => {
    const logged: unknown[] = [];
    const log = (facts: unknown) => logged.push(facts);
    const server = createTaskServer({
      tasks,
      backend: memoryBackend(),
      logger: { debug: log, info: log, warn: log, error: log },
      handlers: {
        sendEmail: () => ({ messageId: "" }),
        tick: () => {},
        billing: { invoice: () => {}, refund: () => {} },
      },
    });
    const secret = new Error("password hunter2");
    const router = createTaskRouter(t, server, {
      procedure: t.procedure,
      scope: () => {
        throw secret;
      },
    });
    const error = await router
      .createCaller(ada)
      .tasks.tick.delay(undefined)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "INTERNAL_SERVER_ERROR",
      message: "It went wrong; the server's log says why.",
    });
    expect(logged).toEqual([{ err: secret }]);
    await server.close();
    const closed = createTaskRouter(t, server, { procedure: t.procedure });
    expect(await refusal(closed.createCaller(ada).tasks.tick.delay(undefined))).toMatchObject({
      trpc: "SERVICE_UNAVAILABLE",
      code: "CLOSED",
    });
  });
});
