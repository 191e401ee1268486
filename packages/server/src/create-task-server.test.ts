import { initTasks } from "@taskwright/shared";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { memoryBackend } from "./backends/memory/index.ts";
import { implement } from "./core/implement.ts";
import type { Logger } from "./core/logger.ts";
import { createTaskClient, createTaskServer } from "./create-task-server.ts";
import { systemHost } from "./system-host.ts";
import { createWorker } from "./worker/index.ts";

const t = initTasks.create({ queues: ["default", "emails"] });
const tasks = t.router({
  sendEmail: t.task.input(z.object({ to: z.string() })),
  billing: t.router({ invoice: t.task, refund: t.task }),
});
const nothing = () => {};
const handlers = { sendEmail: nothing, billing: { invoice: nothing, refund: nothing } };

/** As JavaScript would call it. */
function serve(options: object): ReturnType<typeof createTaskServer> {
  return createTaskServer({ tasks, backend: memoryBackend(), handlers, ...options } as never);
}

function refused(code: string, words: string): object {
  return expect.objectContaining({ code, message: expect.stringContaining(words) });
}

describe("a server's options", () => {
  it.each([
    [{ backnd: 1 }, 'createTaskServer() has no option "backnd". Did you mean "backend"?'],
    [{ backend: undefined }, "needs either backend or backends"],
    [{ backends: { default: memoryBackend() } }, "needs either backend or backends"],
    [{ backend: undefined, backends: { bulk: memoryBackend() } }, 'needs one named "default"'],
    [{ backend: {} }, 'the backend "default" is no backend'],
    [
      { backend: undefined, backends: { default: memoryBackend(), bulk: null } },
      'the backend "bulk" is no backend',
    ],
    [{ handlers: undefined }, "needs handlers"],
    [{ maxPayloadBytes: 0 }, "maxPayloadBytes must be a positive integer"],
    [{ maxPayloadBytes: "1MB" }, "maxPayloadBytes must be a positive integer"],
    [{ createContext: { mailer: 1 } }, "createContext must be a function; got object"],
    [{ onFailed: "log" }, "onFailed must be a function; got string"],
    [
      { logger: { info: nothing } },
      "logger must have debug, info, warn and error functions, as pino's and console have, or be false for silence; no debug, warn, error",
    ],
    [{ logger: null }, "logger must have"],
  ])("%o is refused", (options, words) => {
    expect(() => serve(options)).toThrow(refused("INVALID_OPTION", words));
  });

  it("take a task only onto a backend that is there", () => {
    const elsewhere = t.router({ a: t.task.options({ backend: "bulk" }) });
    expect(() => serve({ tasks: elsewhere, handlers: { a: nothing } })).toThrow(
      refused("UNKNOWN_BACKEND", 'The task a names the backend "bulk", which is not configured'),
    );
  });

  it("of a client are refused alike", () => {
    const client = (options: object) => createTaskClient(tasks, options as never);
    expect(() => client({ backend: memoryBackend(), handlers })).toThrow(
      refused("INVALID_OPTION", 'createTaskClient() has no option "handlers"'),
    );
    expect(() => client({})).toThrow(refused("INVALID_OPTION", "needs either backend or backends"));
    for (const words of [[{ transport: {} }], [tasks, { transport: {} }]])
      expect(() => Reflect.apply(createTaskClient, undefined, words)).toThrow(
        refused("INVALID_OPTION", "use createTaskClient<typeof tasks>({ url }) of @taskwright/client"),
      );
  });
});

it("what only tests need is taken and not offered", () => {
  expect(() => serve({ hots: 1 })).toThrow(
    refused("INVALID_OPTION", "onFailed, logger, tracing, maxPayloadBytes."),
  );
  expect(() => serve({ host: systemHost })).not.toThrow();
});

describe("a server's handlers", () => {
  it("must be there for every task, by name", () => {
    expect(() => serve({ handlers: { billing: { refund: nothing } } })).toThrow(
      refused("HANDLER_MISSING", "No handler for sendEmail, billing.invoice."),
    );
  });

  it.each([
    [
      { ...handlers, sendMail: nothing },
      'handlers.sendMail is for no task of the router. Did you mean "sendEmail"?',
    ],
    [
      { ...handlers, sendEmail: "later" },
      "handlers.sendEmail must be a function or what h.sendEmail.handler() made; got string",
    ],
    [{ ...handlers, billing: nothing }, "handlers.billing must be an object of handlers"],
    [
      { ...handlers, sendEmail: implement(tasks).billing.invoice.handler(nothing) },
      "handlers.sendEmail has the handler that was built for billing.invoice",
    ],
  ])("are refused where they do not belong (%#)", (given, words) => {
    expect(() => serve({ handlers: given })).toThrow(refused("INVALID_CONTRACT", words));
  });

  it("are those that only names, and no others run", async () => {
    const calls: string[] = [];
    await using server = createTaskServer({
      tasks,
      backend: memoryBackend(),
      only: ["billing"],
      handlers: {
        billing: { invoice: () => void calls.push("invoice"), refund: () => void calls.push("refund") },
      },
    });
    const email = await server.client.tasks.sendEmail.delay({ to: "a" });
    await server.client.tasks.billing.refund.delay();
    await server.executor.processTasks();
    expect(calls).toEqual(["refund"]);
    expect(await email.status()).toBe("READY");
    await expect(server.executor.runTaskById(email.id)).rejects.toThrow(
      refused("HANDLER_MISSING", "sendEmail"),
    );
    await expect(server.run.sendEmail({ to: "a" })).rejects.toThrow(refused("HANDLER_MISSING", "sendEmail"));
    expect(() => serve({ only: ["biling"] })).toThrow(refused("INVALID_CONTRACT", 'Did you mean "billing"?'));
    expect(() => serve({ only: "billing" })).toThrow(refused("INVALID_CONTRACT", "only must be an array"));
  });

  it.each(["toLocaleString", "isPrototypeOf", "hasOwnProperty", "propertyIsEnumerable", "__defineGetter__"])(
    "of a router called %s, as every object's own one is, stay with their server",
    async (name) => {
      const router = t.router({ [name]: t.router({ ping: t.task.output(z.string()) }) });
      const serveWith = (answer: string) => {
        const h = implement(router)[name];
        return createTaskServer({
          tasks: router,
          backend: memoryBackend(),
          handlers: { [name]: { ping: h?.ping.handler(() => answer) } } as never,
        });
      };
      await using first = serveWith("first");
      await using second = serveWith("second");
      expect(await first.run[name]?.ping()).toBe("first");
      expect(await second.run[name]?.ping()).toBe("second");
      expect({}).not.toHaveProperty([name, "ping"]);
    },
  );

  it("are built in order: the context, then middleware, then functions", () => {
    const h = implement(tasks) as unknown as Record<string, (value?: unknown) => Record<string, () => void>>;
    expect(() => h.use?.("log")).toThrow(
      refused("INVALID_CONTRACT", "Middleware must be a function; got string"),
    );
    expect(() => h.use?.(nothing).context?.()).toThrow(
      refused("INVALID_CONTRACT", "context() comes before use()"),
    );
    const { sendEmail } = implement(tasks);
    expect(() => sendEmail.handler(undefined as never)).toThrow(
      refused("INVALID_CONTRACT", "The handler of sendEmail must be a function"),
    );
    expect(() => sendEmail.handler(nothing, { onFail: nothing } as never)).toThrow(
      refused("INVALID_OPTION", 'Did you mean "onFailed"?'),
    );
    expect(() => sendEmail.handler(nothing, { onFailed: 1 as never })).toThrow(
      refused("INVALID_CONTRACT", "onFailed of sendEmail must be a function"),
    );
  });
});

describe("a task with a transaction", () => {
  const charged = t.router({ charge: t.task.options({ transaction: true }), note: t.task });
  const backend = memoryBackend();

  it("is refused with the reason where the backend cannot run its handler", () => {
    const start = () =>
      createTaskServer({ tasks: charged, backend, handlers: { charge: nothing, note: nothing } });
    expect(start).toThrow(
      refused(
        "NOT_SUPPORTED",
        'The task charge has transaction: true, and the backend "default" (memory) cannot run handlers in transactions: it does not keep tasks in a database of yours.',
      ),
    );
  });

  it("may stand in the contract of a server that leaves it to others, which enqueues it nowhere else either", async () => {
    const server = createTaskServer({ tasks: charged, backend, only: ["note"], handlers: { note: nothing } });
    const words = "The task charge has transaction: true";
    await expect(server.client.tasks.charge.delay()).rejects.toEqual(refused("NOT_SUPPORTED", words));
    expect((await server.client.results.list()).results).toEqual([]);
  });

  it("is refused in transactions that no backend knows", async () => {
    const { client } = createTaskServer({
      tasks: charged,
      backend,
      only: ["note"],
      handlers: { note: nothing },
    });
    const words = 'The backend "default" (memory) cannot store tasks in your transactions';
    expect(() => client.withTransaction({ query: nothing })).toThrow(refused("NOT_SUPPORTED", words));
    const source = { connect: async () => {}, totalCount: 0 };
    await expect(client.transaction(source, async () => {})).rejects.toEqual(refused("NOT_SUPPORTED", words));
  });
});

describe("a server's logger", () => {
  it("without children, as console is, has path, id and attempt in what handlers say all the same", async () => {
    const lines: object[] = [];
    const info = (facts: object, message: string) => lines.push({ ...facts, message });
    await using server = createTaskServer({
      tasks,
      backend: memoryBackend(),
      logger: { debug: nothing, info, warn: nothing, error: nothing },
      handlers: { ...handlers, sendEmail: ({ logger }) => logger.info({ kind: "mail" }, "sent") },
    });
    const { id } = await server.client.tasks.sendEmail.delay({ to: "a" });
    await server.executor.processTasks();
    expect(lines).toEqual([{ task: "sendEmail", id, attempt: 1, kind: "mail", message: "sent" }]);
  });

  it("reaches handlers as a child with path, id and attempt, as pino's does", async () => {
    const lines: object[] = [];
    const loggerWith = (facts: object): Logger => ({
      debug: nothing,
      info: (more, message) => lines.push({ ...facts, ...more, message }),
      warn: nothing,
      error: nothing,
      child: (more) => loggerWith({ ...facts, ...more }),
    });
    await using server = createTaskServer({
      tasks,
      backend: memoryBackend(),
      logger: loggerWith({ app: "shop" }),
      handlers: { ...handlers, sendEmail: ({ logger }) => logger.info({ kind: "mail" }, "sent") },
    });
    const { id } = await server.client.tasks.sendEmail.delay({ to: "a" });
    await server.executor.processTasks();
    expect(lines).toEqual([
      { app: "shop", task: "sendEmail", id, attempt: 1, kind: "mail", message: "sent" },
    ]);
  });
});

describe("events", () => {
  it("are heard under their names only, by functions only", () => {
    const { events } = serve({});
    expect(() => events.on("suceeded" as never, nothing)).toThrow(
      refused("INVALID_OPTION", 'There is no event "suceeded". Did you mean "succeeded"?'),
    );
    expect(() => events.on("failed", "log" as never)).toThrow(
      refused("INVALID_OPTION", 'A listener of "failed" must be a function; got string'),
    );
  });
});

describe("a worker's options", () => {
  it.each([
    [
      { concurency: 5 },
      "INVALID_OPTION",
      'createWorker() has no option "concurency". Did you mean "concurrency"?',
    ],
    [{ concurrency: 0 }, "INVALID_OPTION", "concurrency must be an integer from 1 to 10000"],
    [{ concurrency: 1.5 }, "INVALID_OPTION", "concurrency must be an integer"],
    [{ interval: "10ms" }, "INVALID_OPTION", "interval must be a duration from 100ms to 1h"],
    [{ interval: 5 }, "INVALID_OPTION", "interval must be a duration"],
    [{ claimInterval: "2h" }, "INVALID_OPTION", "claimInterval must be a duration from 1s to 1h"],
    [{ maxTasks: -1 }, "INVALID_OPTION", "maxTasks must be an integer from 0"],
    [{ once: "yes" }, "INVALID_OPTION", "once must be true or false"],
    [{ queues: [] }, "INVALID_OPTION", "queues must be one queue name, or an array of at least one"],
    [{ queues: 5 }, "INVALID_OPTION", "queues must be one queue name"],
    [{ queues: "email" }, "UNKNOWN_QUEUE", 'Did you mean "emails"?'],
    [{ id: "two words" }, "INVALID_OPTION", "id must be 1 to 100 printable"],
    [{ id: 7 }, "INVALID_OPTION", "id must be 1 to 100 printable"],
    [{ retention: { succesful: "1d" } }, "INVALID_OPTION", 'Did you mean "successful"?'],
    [{ retention: { failed: 7 } }, "INVALID_OPTION", "retention.failed must be a duration"],
    [{ shutdownTimeout: 20 }, "INVALID_OPTION", "shutdownTimeout must be a duration"],
    [{ backend: "bulk" }, "UNKNOWN_BACKEND", 'The worker names the backend "bulk"'],
  ])("%o are refused", (options, code, words) => {
    expect(() => createWorker(serve({}), options as never)).toThrow(refused(code, words));
  });

  it("are refused for a backend that pushes tasks itself", () => {
    const { leases: _leases, ...pushing } = memoryBackend();
    expect(() => createWorker(serve({ backend: pushing }))).toThrow(
      refused("NOT_SUPPORTED", "a worker cannot claim from it"),
    );
  });

  it("take once for an end: a worker that was stopped does not start again", async () => {
    await using server = serve({});
    const worker = createWorker(server);
    await worker.start();
    await Promise.all([worker.stop(), worker.stop()]);
    await worker.stopped;
    await expect(worker.start()).rejects.toThrow(refused("CLOSED", "make a new one"));
  });
});
