import { initTasks, TaskError } from "@taskwright/shared";
import { Counter, Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { refusal } from "../../../../test/harness/sqlite-store.ts";
import type { Backend } from "../backend/index.ts";
import { memoryBackend } from "../backends/memory/index.ts";
import { createTaskServer } from "../create-task-server.ts";
import { HeldHost } from "../testing/held-host.ts";
import { createWorker } from "../worker/index.ts";
import { createMetrics, type MetricsOptions } from "./index.ts";

const t = initTasks.create({ queues: ["default", "emails"] });
const tasks = t.router({
  work: t.task.input(z.object({ n: z.int() })),
  flaky: t.task.options({ maxRetries: 1 }),
  mail: t.task.options({ queue: "emails" }),
  wait: t.task,
});

type Waiting = (signal: AbortSignal) => Promise<void>;

function serve(
  parts: { readonly backend?: Backend; readonly options?: MetricsOptions; waiting?: Waiting } = {},
) {
  const told: string[] = [];
  const tell = (_: object, message: string) => void told.push(message);
  const host = new HeldHost(Date.now());
  const server = createTaskServer({
    tasks,
    backends: { default: parts.backend ?? memoryBackend(), other: memoryBackend() },
    handlers: {
      work: () => {},
      flaky: () => {
        throw new Error("not today");
      },
      mail: () => {},
      wait: ({ signal }) => parts.waiting?.(signal),
    },
    logger: { debug: tell, info: tell, warn: tell, error: tell },
    host,
  });
  const metrics = createMetrics(server, parts.options);
  /** The samples that match, as Prometheus reads them. */
  const samples = async (name: string) =>
    Object.fromEntries(
      (await metrics.text())
        .split("\n")
        .filter((line) => line.startsWith(`${name}{`))
        .map((line) => {
          const [, labels = "", value] = /^\w+\{(.*)\} (.+)$/.exec(line) ?? [];
          return [labels.replaceAll('"', ""), Number(value)];
        }),
    );
  return { server, metrics, samples, host, told };
}

const untilAborted: Waiting = (signal) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

const WORK = "task=work,queue=default,backend=default";
const FLAKY = "task=flaky,queue=default,backend=default";
const WAIT = "task=wait,queue=default,backend=default";

describe("counters", () => {
  test("move with what this process does", async () => {
    const { server, samples, metrics } = serve();
    const { client, executor } = server;
    await client.tasks.work.enqueueMany([{ n: 1 }, { n: 2 }]);
    await client.tasks.work.enqueue({ n: 3 }, { deduplicationId: "one" });
    await client.tasks.work.enqueue({ n: 3 }, { deduplicationId: "one" });
    await client.tasks.mail.using({ backend: "other" }).delay();
    await executor.processTasks();
    expect(await samples("taskwright_enqueued_total")).toEqual({
      [`${WORK},deduplicated=false`]: 3,
      [`${WORK},deduplicated=true`]: 1,
      "task=mail,queue=emails,backend=other,deduplicated=false": 1,
    });
    expect(await samples("taskwright_attempts_started_total")).toMatchObject({ [WORK]: 3 });
    expect(await samples("taskwright_finished_total")).toEqual({
      [`${WORK},status=SUCCESSFUL`]: 3,
      "task=mail,queue=emails,backend=other,status=SUCCESSFUL": 1,
    });
    expect(await samples("taskwright_attempt_duration_seconds_count")).toMatchObject({
      [`${WORK},outcome=succeeded`]: 3,
    });
    expect(await samples("taskwright_attempts_running")).toMatchObject({ [WORK]: 0 });
    expect(metrics.contentType).toMatch(/^text\/plain; version=/);
  });

  test("tell attempts that are retried from those that fail, and these from task results", async () => {
    const { server, samples } = serve();
    const { id } = await server.client.tasks.flaky.delay();
    await server.executor.processOneTask();
    await server.executor.runTaskById(id);
    expect(await samples("taskwright_attempt_duration_seconds_count")).toEqual({
      [`${FLAKY},outcome=retrying`]: 1,
      [`${FLAKY},outcome=failed`]: 1,
    });
    expect(await samples("taskwright_finished_total")).toEqual({ [`${FLAKY},status=FAILED`]: 1 });
    expect(await samples("taskwright_attempts_running")).toEqual({ [FLAKY]: 0 });
  });

  test("of what is cancelled: before it begins it is no attempt, and while it runs it is one", async () => {
    const begun = Promise.withResolvers<void>();
    const { server, samples } = serve({
      waiting: (signal) => {
        begun.resolve();
        return untilAborted(signal);
      },
    });
    const early = await server.client.tasks.wait.delay();
    await early.cancel();
    expect(await samples("taskwright_attempt_duration_seconds_count")).toEqual({});
    const result = await server.client.tasks.wait.delay();
    const running = server.executor.processOneTask();
    await begun.promise;
    expect(await samples("taskwright_attempts_running")).toEqual({ [WAIT]: 1 });
    await result.cancel();
    await running;
    expect(await samples("taskwright_attempt_duration_seconds_count")).toEqual({
      [`${WAIT},outcome=cancelled`]: 1,
    });
    expect(await samples("taskwright_finished_total")).toEqual({ [`${WAIT},status=CANCELLED`]: 2 });
    expect(await samples("taskwright_attempts_running")).toEqual({ [WAIT]: 0 });
  });

  test("of an attempt that is given back count its end, and its next beginning", async () => {
    const begun = Promise.withResolvers<void>();
    const { server, samples } = serve({
      waiting: (signal) => {
        begun.resolve();
        return untilAborted(signal);
      },
    });
    await server.client.tasks.wait.delay();
    const stop = new AbortController();
    const running = server.executor.processTasks({ signal: stop.signal });
    await begun.promise;
    stop.abort();
    await running;
    expect(await samples("taskwright_attempt_duration_seconds_count")).toEqual({
      [`${WAIT},outcome=released`]: 1,
    });
    expect(await samples("taskwright_attempts_running")).toEqual({ [WAIT]: 0 });
  });

  test("of attempts that began before anybody counted have no end either", async () => {
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const { server, metrics } = serve({
      waiting: () => {
        begun.resolve();
        return go.promise;
      },
    });
    metrics.close();
    await server.client.tasks.wait.delay();
    const running = server.executor.processTasks();
    await begun.promise;
    const late = createMetrics(server);
    go.resolve();
    await running;
    const text = await late.text();
    expect(text).not.toContain("taskwright_attempt_duration_seconds_count{");
    expect(text).not.toContain("taskwright_attempts_running{");
    expect(text).toContain('status="SUCCESSFUL"} 1');
  });
});

/** A backend that keeps what tasks say elsewhere, and whose counts a test decides. */
function counting(countByQueue: NonNullable<Backend["inspector"]>["countByQueue"]): Backend {
  const memory = memoryBackend();
  if (memory.inspector === undefined) throw new Error("The memory backend has one.");
  return { ...memory, inspector: { ...memory.inspector, countByQueue } };
}

describe("gauges", () => {
  test("say what the backends have now", async () => {
    const { server, samples } = serve();
    const { client, executor } = server;
    await client.tasks.work.delay({ n: 1 });
    await executor.processTasks();
    await client.tasks.work.enqueueMany([{ n: 2 }, { n: 3 }]);
    await client.tasks.work.enqueue({ n: 4 }, { countdown: "1h" });
    await client.tasks.mail.using({ backend: "other" }).delay();
    expect(await samples("taskwright_task_results")).toMatchObject({
      "queue=default,backend=default,state=pending": 2,
      "queue=default,backend=default,state=delayed": 1,
      "queue=default,backend=default,state=running": 0,
      "queue=default,backend=default,state=successful": 1,
      "queue=emails,backend=other,state=pending": 1,
    });
    await executor.processTasks();
    expect(await samples("taskwright_task_results")).toMatchObject({
      "queue=default,backend=default,state=pending": 0,
      "queue=default,backend=default,state=successful": 3,
    });
    expect(await samples("taskwright_backend_up")).toEqual({ "backend=default": 1, "backend=other": 1 });
  });

  test("of a backend that is away are missing, and all other metrics are there", async () => {
    let asked = 0;
    const backend = counting(() => {
      asked++;
      return Promise.reject(new TaskError({ code: "BACKEND_UNAVAILABLE", message: "No answer." }));
    });
    const { server, samples, metrics, told } = serve({ backend });
    await server.client.tasks.mail.using({ backend: "other" }).delay();
    const text = await metrics.text();
    // Two gauges are of one question.
    expect(asked).toBe(1);
    expect(text).toContain('taskwright_backend_up{backend="default"} 0');
    expect(text).toContain("taskwright_enqueued_total{");
    expect(await samples("taskwright_task_results")).toMatchObject({
      "queue=emails,backend=other,state=pending": 1,
    });
    expect(told).toContain("A backend could not be counted for metrics.");
  });

  test("do not wait longer than five seconds for a backend that says nothing", async () => {
    const asked = Promise.withResolvers<void>();
    const backend = counting(() => {
      asked.resolve();
      return new Promise(() => {});
    });
    const { samples, host } = serve({ backend });
    const up = samples("taskwright_backend_up");
    await asked.promise;
    await host.advance(5_000);
    expect(await up).toEqual({ "backend=default": 0, "backend=other": 1 });
  });
});

describe("labels", () => {
  test("are as many as the contract has, whatever a store holds", async () => {
    const counts = { due: 1, later: 0, running: 0, successful: 0, failed: 0, cancelled: 0 };
    const rows = Array.from({ length: 250 }, (_, n) => ({ ...counts, queue: `old-${n}`, oldestDueAt: null }));
    const { samples } = serve({ backend: counting(async () => rows) });
    const pending = Object.entries(await samples("taskwright_task_results")).filter(([labels]) =>
      labels.includes("state=pending"),
    );
    expect(pending.filter(([labels]) => labels.startsWith("queue=old-"))).toHaveLength(100);
    expect(pending).toContainEqual(["queue=(other),backend=default,state=pending", 150]);
  });

  test("of queues that callers make up are bounded", async () => {
    const any = initTasks.create({ queues: [] });
    const contract = any.router({ work: any.task });
    const server = createTaskServer({
      tasks: contract,
      backend: memoryBackend(),
      handlers: { work: () => {} },
    });
    const metrics = createMetrics(server);
    for (let n = 0; n < 150; n++) await server.client.tasks.work.using({ queue: `made-up-${n}` }).delay();
    const lines = (await metrics.text())
      .split("\n")
      .filter((line) => line.startsWith("taskwright_enqueued_total{"));
    expect(lines).toHaveLength(101);
    expect(lines.find((line) => line.includes('queue="(other)"'))).toMatch(/ 5\d$/);
  });
});

describe("options", () => {
  test("are the register, the beginning of names, and the buckets", async () => {
    const register = new Registry();
    new Counter({ name: "app_requests_total", help: "Requests.", registers: [register] }).inc();
    const { metrics } = serve({ options: { register, prefix: "app_tasks", buckets: [1, 10] } });
    expect(metrics.register).toBe(register);
    const text = await metrics.text();
    expect(text).toContain("app_requests_total 1");
    expect(text).toContain("# TYPE app_tasks_attempt_duration_seconds histogram");
    expect(text).not.toContain("taskwright_");
  });

  test("two servers share a register under two prefixes, and not under one", async () => {
    const register = new Registry();
    const first = serve({ options: { register } });
    const error = await refusal(() => createMetrics(first.server, { register }));
    expect(error).toMatchObject({ code: "INVALID_OPTION", data: { option: "register" } });
    expect(await first.metrics.text()).toContain("taskwright_backend_up{");
    expect(() => createMetrics(first.server, { register, prefix: "second" })).not.toThrow();
  });

  test.each([
    [{ prefix: "" }],
    [{ prefix: "my-app" }],
    [{ prefix: 7 }],
    [{ buckets: [5, 1] }],
    [{ buckets: [0] }],
    [{ buckets: [Number.NaN] }],
    [{ buckets: 5 }],
    [{ register: {} }],
    [{ register: null }],
    [{ labels: [] }],
  ])("%j is refused", async (options) => {
    const error = await refusal(() => serve({ options: options as unknown as MetricsOptions }));
    expect(error.code).toBe("INVALID_OPTION");
  });
});

test("close() stops counting, and leaves the register as it was", async () => {
  const register = new Registry();
  const { server, metrics } = serve({ options: { register } });
  expect(server["~engine"].events.has("enqueued")).toBe(true);
  metrics.close();
  metrics.close();
  expect(server["~engine"].events.has("enqueued")).toBe(false);
  await server.client.tasks.work.delay({ n: 1 });
  await server.executor.processTasks();
  expect((await metrics.text()).trim()).toBe("");
  const again = createMetrics(server, { register });
  await server.client.tasks.work.delay({ n: 1 });
  expect(await again.text()).toContain(
    'taskwright_enqueued_total{task="work",queue="default",backend="default",deduplicated="false"} 1',
  );
});

test("a worker's attempts are counted, and so is what runs while it is scraped", async () => {
  const begun = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const { server, samples } = serve({
    waiting: () => {
      begun.resolve();
      return go.promise;
    },
  });
  const worker = createWorker(server, { once: true });
  const result = await server.client.tasks.wait.delay();
  await worker.start();
  await begun.promise;
  expect(await samples("taskwright_attempts_running")).toEqual({ [WAIT]: 1 });
  expect(await samples("taskwright_task_results")).toMatchObject({
    "queue=default,backend=default,state=running": 1,
  });
  go.resolve();
  await worker.stopped;
  expect(await result.status()).toBe("SUCCESSFUL");
  expect(await samples("taskwright_attempts_running")).toEqual({ [WAIT]: 0 });
});
