import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createTaskClient, type UrlClientOptions } from "@taskwright/client";
import type { AsyncResult, ProgressUpdate } from "@taskwright/shared";
import superjson from "superjson";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import { type ServedTasks, serveTasks, type tasks } from "./fixtures/trpc/served-tasks.ts";

const mail = { to: "ada@example.com" };
const headers = { authorization: "Bearer ada" };

let served: ServedTasks;
beforeEach(async () => {
  served = await serveTasks("plain");
});
afterEach(() => served.close());

function clientAt(port: number, more: Partial<UrlClientOptions> = {}) {
  const options: UrlClientOptions = { url: `http://127.0.0.1:${port}`, path: "background", headers, ...more };
  return createTaskClient<typeof tasks>(options as UrlClientOptions & { transformer?: never });
}

/** What a subscription ends with; it must not be tried again and again before that. */
function progressFailure(result: Pick<AsyncResult<unknown>, "onProgress">): Promise<unknown> {
  return new Promise((resolve) => result.onProgress(() => {}, { onError: resolve }));
}

/** How many results of a task there are. */
async function count(task: string): Promise<number> {
  return (await served.server.client.results.list({ task })).results.length;
}

/** Resolves when a proxy has kept an answer. */
async function answerHeld(proxy: TcpProxy): Promise<void> {
  while (proxy.heldBytes === 0) await new Promise(setImmediate);
}

describe("an answer that is lost on its way", () => {
  let proxy: TcpProxy;
  beforeEach(async () => {
    proxy = await TcpProxy.open({ host: "127.0.0.1", port: served.port });
  });
  afterEach(() => proxy.cut());

  test("of an enqueue makes the client ask again, and nothing is enqueued twice", async () => {
    proxy.holdAnswers();
    const enqueuing = clientAt(proxy.port).tasks.sendEmail.delay(mail);
    await answerHeld(proxy);
    expect(await count("sendEmail")).toBe(1);
    proxy.breakConnections();
    const result = await enqueuing;
    expect(result.deduplicated).toBe(false);
    expect(await result.get({ timeout: "20s" })).toMatchObject({ messageId: "to ada@example.com" });
    expect(served.requests.all.filter((request) => request.includes("sendEmail.enqueue"))).toHaveLength(2);
    expect(await count("sendEmail")).toBe(1);
  });

  test("of enqueueMany neither, though one of them has failed meanwhile", async () => {
    proxy.holdAnswers();
    const enqueuing = clientAt(proxy.port).tasks.failing.enqueueMany([undefined, undefined, undefined]);
    await answerHeld(proxy);
    const { results } = await served.server.client.results.list({ task: "failing" });
    const handle = served.server.client.tasks.failing.result(results[0]?.id ?? "");
    await expect(handle.get({ timeout: "20s" })).rejects.toMatchObject({ code: "TASK_FAILED" });
    proxy.breakConnections();
    const ids = (await enqueuing).map(({ id }) => id);
    expect(ids).toHaveLength(3);
    expect(ids.toSorted()).toEqual(results.map(({ id }) => id).toSorted());
    expect(await count("failing")).toBe(3);
  });

  test("each time is told apart from a refusal", async () => {
    proxy.holdAnswers();
    const enqueuing = clientAt(proxy.port, { timeout: "100ms", retries: 1 }).tasks.tick.delay();
    await expect(enqueuing).rejects.toMatchObject({ code: "SERVER_UNREACHABLE", retryable: true });
    expect(await count("tick")).toBe(1);
  });
});

describe("a server that is away for a while", () => {
  test("keeps who waits waiting", async () => {
    const result = await clientAt(served.port).tasks.steps.delay();
    const waiting = result.get({ timeout: "30s" });
    await served.requests.come("results.wait");
    served.stop();
    for (let step = 0; step < 3; step++) served.steps.allow();
    await served.server.client.tasks.steps.result(result.id).get({ timeout: "20s" });
    await served.restart();
    expect(await waiting).toBe("done");
  });

  test("makes who follows the progress miss nothing, and hear nothing twice", async () => {
    const result = await clientAt(served.port).tasks.steps.delay();
    const told: ProgressUpdate[] = [];
    const quarter = Promise.withResolvers<void>();
    const half = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    result.onProgress(
      (update) => {
        told.push(update);
        if (update.progress === 0.25) quarter.resolve();
        if (update.progress === 0.5) half.resolve();
        if (update.status === "SUCCESSFUL") ended.resolve();
      },
      { onError: ended.reject },
    );
    served.steps.allow();
    await quarter.promise;
    served.stop();
    await served.restart();
    await served.requests.come("results.progress", 2);
    served.steps.allow();
    await half.promise;
    served.stop();
    served.steps.allow();
    await served.server.client.tasks.steps.result(result.id).get({ timeout: "20s" });
    await served.restart();
    await ended.promise;
    expect(told.filter(({ progress }) => progress !== null)).toEqual([
      { status: "RUNNING", progress: 0.25 },
      { status: "RUNNING", progress: 0.5 },
      { status: "SUCCESSFUL", progress: 0.5 },
    ]);
  });

  test("for too long is told to who calls", async () => {
    served.stop();
    const { tasks } = clientAt(served.port, { retries: 1 });
    await expect(tasks.tick.delay()).rejects.toMatchObject({ code: "SERVER_UNREACHABLE" });
    await expect(tasks.tick.result("a").get({ timeout: "10ms" })).rejects.toMatchObject({
      code: "RESULT_TIMEOUT",
    });
  });
});

describe("a client that is set up wrongly is told", () => {
  test("where the router of tasks is not", async () => {
    for (const path of ["", "backgruond"]) {
      const { tasks } = clientAt(served.port, { path });
      for (const call of [tasks.tick.delay(), tasks.tick.result("a").status()]) {
        await expect(call).rejects.toMatchObject({
          code: "REFUSED",
          data: { httpStatus: 404 },
          message: expect.stringContaining("say where the router of tasks hangs?"),
        });
      }
    }
  });

  test("that another transformer is spoken here", async () => {
    const { tasks } = clientAt(served.port, { transformer: superjson });
    await expect(tasks.sendEmail.delay(mail)).rejects.toMatchObject({
      code: "REFUSED",
      message: expect.stringContaining("transformer"),
    });
    await expect(tasks.sendEmail.result("a").status()).rejects.toMatchObject({
      message: expect.stringContaining("transformer"),
    });
    expect(await progressFailure(tasks.sendEmail.result("a"))).toMatchObject({
      code: "REFUSED",
      message: expect.stringContaining("transformer"),
    });
  });

  test("that superjson is spoken here", async () => {
    const rich = await serveTasks("rich");
    const { tasks } = clientAt(rich.port, { path: "" });
    await expect(tasks.sendEmail.delay(mail)).rejects.toMatchObject({
      message: expect.stringContaining("transformer"),
    });
    const enqueued = await clientAt(rich.port, { path: "", transformer: superjson }).tasks.tick.delay();
    for (const id of ["a", enqueued.id])
      expect(await progressFailure(tasks.tick.result(id))).toMatchObject({
        code: "REFUSED",
        message: expect.stringContaining("transformer"),
      });
    await rich.close();
  });

  test.each([
    [404, "REFUSED"],
    [401, "UNAUTHORIZED"],
    [403, "FORBIDDEN"],
    [413, "REFUSED"],
    [200, "REFUSED"],
    [502, "SERVER_UNREACHABLE"],
  ])("that a page with HTTP %i is no tRPC server: %s", async (status, code) => {
    const other = createServer((_, response) => response.writeHead(status).end("<html>"));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const { tick } = clientAt(port, { retries: 0 }).tasks;
    await expect(tick.delay()).rejects.toMatchObject({ code });
    other.closeAllConnections();
    other.close();
  });
});

test("a subscriber that goes away, or was told enough, leaves nothing behind", async () => {
  const result = await clientAt(served.port).tasks.steps.delay();
  const stop = await new Promise<() => void>((resolve) => {
    const stopping = result.onProgress(() => resolve(stopping));
  });
  expect(served.subscriptions()).toBe(1);
  stop();
  while (served.subscriptions() > 0) await new Promise(setImmediate);
});
