import { initTasks } from "@taskwright/shared";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { memoryBackend } from "./backends/memory/index.ts";
import { NonRetryable } from "./core/handler-signals.ts";
import type { Logger } from "./core/logger.ts";
import { createTaskServer } from "./create-task-server.ts";
import { createWorker } from "./worker/index.ts";

const t = initTasks.create();
const tasks = t.router({
  sendEmail: t.task.input(z.object({ to: z.string() })),
  billing: t.router({ invoice: t.task, refund: t.task }),
});
const nothing = () => {};
const handlers = { sendEmail: nothing, billing: { invoice: nothing, refund: nothing } };

/** Runs a task that fails twice on a server, and gives its id and what went to stderr. */
async function failTwice(options: {
  readonly logger?: Logger | false;
}): Promise<{ id: string; said: string }> {
  using stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  await using server = createTaskServer({
    tasks,
    backend: memoryBackend(),
    ...options,
    handlers: {
      ...handlers,
      sendEmail: () => {
        throw new TypeError("no\nsuch address");
      },
    },
  });
  const { id } = await server.client.tasks.sendEmail.enqueue({ to: "SECRET" }, { maxRetries: 1 });
  await server.executor.runTaskById(id);
  await server.executor.runTaskById(id);
  return { id, said: stderr.mock.calls.map(([text]) => text).join("") };
}

describe("a server without a logger", () => {
  it("says on stderr, a line each, which attempt failed, with path, id and error, and no inputs", async () => {
    const { id, said } = await failTwice({});
    const [retried, failed, ...more] = said.trimEnd().split("\n");
    const facts = (attempt: number) =>
      `task=sendEmail id=${id} attempt=${attempt} queue=default backend=default`;
    expect(retried).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z warn {2}An attempt failed; another follows\. /);
    expect(retried).toContain(`${facts(1)} runAfter=2`);
    expect(retried).toMatch(/: TypeError: no such address$/);
    expect(failed).toMatch(/Z error A task result ended FAILED\. /);
    expect(failed).toContain(`${facts(2)}: TypeError: no such address`);
    expect(more).toEqual([]);
    expect(said).not.toContain("SECRET");
  });

  it("is silent with logger: false", async () => {
    expect((await failTwice({ logger: false })).said).toBe("");
  });

  it("says nothing on stderr where it is given one", async () => {
    const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
    expect((await failTwice({ logger })).said).toBe("");
  });
});

describe("a logger that throws", () => {
  it("harms nothing, and what it should have said is said on stderr", async () => {
    using stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const refuse = () => {
      throw new TypeError("cannot be written as JSON");
    };
    await using server = createTaskServer({
      tasks,
      backend: memoryBackend(),
      logger: { debug: refuse, info: refuse, warn: refuse, error: refuse },
      handlers: {
        ...handlers,
        sendEmail: () => {
          throw new NonRetryable("no such address");
        },
      },
    });
    server.events.on("started", () => {
      throw new Error("the listener broke");
    });
    const worker = createWorker(server);
    await worker.start();
    const failed = await server.client.tasks.sendEmail.delay({ to: "a" });
    await expect(failed.get()).rejects.toThrow("no such address");
    await (await server.client.tasks.billing.refund.delay()).get();
    await worker.stop();
    const said = stderr.mock.calls.join("");
    expect(said).toContain('A listener of "started" threw.');
    expect(said).toContain("The logger threw.");
  });
});

describe("a worker", () => {
  it("warns of how many task results a sweep took from lost workers, and says nothing of an empty one", async () => {
    const told: object[] = [];
    const warn = (facts: object, message: string) => told.push({ ...facts, message });
    const { maintenance, ...backend } = memoryBackend();
    if (maintenance === undefined) throw new Error("The memory backend can sweep.");
    const answers = [{ returned: 2, finished: [], more: false }];
    const sweep = vi.fn(async () => answers.pop() ?? { returned: 0, finished: [], more: false });
    await using server = createTaskServer({
      tasks,
      backend: { ...backend, maintenance: { purge: maintenance.purge, sweep } },
      logger: { debug: nothing, info: nothing, warn, error: nothing },
      handlers,
    });
    await using worker = createWorker(server, { claimInterval: "1s" });
    await worker.start();
    await vi.waitUntil(() => sweep.mock.calls.length === 2, { timeout: 5_000 });
    expect(told).toEqual([{ changed: 2, backend: "default", message: expect.stringContaining("lost") }]);
  });
});
