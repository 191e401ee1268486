// Pages that follow a task and do not read what comes: their sockets stay open, and nobody takes anything out of them.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getDefaultHighWaterMark } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createTaskClient } from "@taskwright/client";
import { type Backend, createTaskServer } from "@taskwright/server";
import { memoryBackend } from "@taskwright/server/memory";
import { createTaskRouter } from "@taskwright/server/trpc";
import { createWorker } from "@taskwright/server/worker";
import { initTasks, type ProgressUpdate } from "@taskwright/shared";
import { initTRPC } from "@trpc/server";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { Steps } from "./fixtures/trpc/served-tasks.ts";

const STALLED = 40;
const PROGRESS_LENGTH = 16_000;
const MEBIBYTE = 1024 * 1024;

const c = initTasks.create();
const tasks = c.router({
  /** Says at each step something that is as long as progress may be. */
  chatty: c.task.input(z.object({ words: z.int() })).output(z.string()),
});

/** A memory backend that tells who watches a task result, and can have them look at once instead of twice a second. */
function watchedBackend(): { readonly backend: Backend; readonly watches: Set<() => void> } {
  const inner = memoryBackend();
  const watches = new Set<() => void>();
  const { wakeups } = inner;
  if (wakeups === undefined) throw new Error("The memory backend wakes.");
  const watchResult: typeof wakeups.watchResult = ({ id, wake }) => {
    const stop = wakeups.watchResult({ id, wake });
    watches.add(wake);
    return () => {
      watches.delete(wake);
      stop();
    };
  };
  return { backend: { ...inner, wakeups: { ...wakeups, watchResult } }, watches };
}

/** A server of chatty tasks for pages on a socket of the system, whose buffers are small, and for others on a port. */
async function serve({
  sse = {},
  timeoutMs = 0,
}: {
  readonly sse?: {
    readonly maxDurationMs?: number;
    readonly ping?: { enabled: boolean; intervalMs: number };
  };
  readonly timeoutMs?: number;
} = {}) {
  const { backend, watches } = watchedBackend();
  const steps = new Steps();
  const server = createTaskServer({
    tasks,
    backend,
    logger: false,
    handlers: {
      chatty: async ({ input, attempt }) => {
        for (let word = 1; word <= input.words; word++) {
          await steps.next();
          await attempt.progress(`${word} `.padEnd(PROGRESS_LENGTH, "."));
          for (const wake of watches) wake();
        }
        await steps.next();
        return "said";
      },
    },
  });
  const t = initTRPC.create({ sse });
  const router = createTaskRouter(t, server, { procedure: t.procedure, canRead: () => true });
  const handle = createHTTPHandler({ router });
  const responses = new Set<ServerResponse>();
  const http = createServer(handle);
  const local = createServer((request, response) => {
    responses.add(response);
    response.once("close", () => responses.delete(response));
    handle(request, response);
  });
  for (const one of [http, local]) one.setTimeout(timeoutMs);
  const folder = mkdtempSync(join(tmpdir(), "stalled-"));
  const path = join(folder, "http.sock");
  await Promise.all([once(local.listen(path), "listening"), once(http.listen(0, "127.0.0.1"), "listening")]);
  const worker = createWorker(server);
  await worker.start();
  const stalled = new Set<Socket>();
  onTestFinished(async () => {
    for (const socket of stalled) socket.destroy();
    for (const one of [http, local]) {
      one.close();
      one.closeAllConnections();
    }
    for (let step = 0; step < 2_000; step++) steps.allow();
    await worker.stop();
    await server.close();
    rmSync(folder, { recursive: true });
  });
  const { port } = http.address() as AddressInfo;
  return {
    server,
    steps,
    watches,
    responses,
    client: createTaskClient<typeof tasks>({ url: `http://127.0.0.1:${port}` }),
    /** Follows a task as a page does, and reads nothing of the answer. */
    stall: async (id: string): Promise<Socket> => {
      const socket = connect(path);
      stalled.add(socket);
      socket.pause();
      const input = encodeURIComponent(JSON.stringify({ id }));
      socket.write(
        `GET /results.progress?input=${input} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n`,
      );
      return socket;
    },
  };
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

function usedBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Resolves when something holds; the test's own timeout bounds it. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}

/** Has a task say words, a step each, until a page does not take them any more; gives how many. */
async function sayUntilStalled(
  { steps, responses }: Pick<Awaited<ReturnType<typeof serve>>, "steps" | "responses">,
  most: number,
): Promise<number> {
  for (let words = 0; words < most; words++) {
    if ([...responses].some(({ writableNeedDrain }) => writableNeedDrain)) return words;
    steps.allow();
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  }
  throw new Error(`The page has taken ${most} words.`);
}

test("those who read nothing take a bounded part of the server's memory, and others are served beside them", async () => {
  const { client, steps, stall, watches, responses } = await serve();
  const result = await client.tasks.chatty.delay({ words: 400 });
  const sockets = await Promise.all(Array.from({ length: STALLED }, () => stall(result.id)));
  await until(() => watches.size === STALLED);

  const told: ProgressUpdate[] = [];
  const ended = Promise.withResolvers<void>();
  const said = Array.from({ length: 401 }, () => Promise.withResolvers<void>());
  result.onProgress(
    (update) => {
      told.push(update);
      said[Number.parseInt(String(update.progress ?? 0), 10)]?.resolve();
      if (update.status === "SUCCESSFUL") ended.resolve();
    },
    { onError: ended.reject },
  );
  await until(() => watches.size === STALLED + 1);
  const say = async (from: number, to: number) => {
    for (let word = from; word <= to; word++) {
      steps.allow();
      await said[word]?.promise;
    }
  };
  await say(1, 100);
  expect([...responses].filter(({ writableNeedDrain }) => writableNeedDrain)).toHaveLength(STALLED);
  const before = usedBytes();
  await say(101, 400);
  // Kept for each of them, this would be 190 MB.
  expect(usedBytes() - before).toBeLessThan(STALLED * 4 * PROGRESS_LENGTH + 8 * MEBIBYTE);
  const mostBytes = getDefaultHighWaterMark(false) + 2 * PROGRESS_LENGTH;
  for (const { writableLength } of responses) expect(writableLength).toBeLessThan(mostBytes);

  const other = await client.tasks.chatty.delay({ words: 0 });
  for (let step = 0; step < 2; step++) steps.allow();
  expect(await other.get({ timeout: "20s" })).toBe("said");
  await ended.promise;
  expect(told.at(-1)).toMatchObject({ status: "SUCCESSFUL" });
  for (const socket of sockets) socket.destroy();
  await until(() => responses.size === 0 && watches.size === 0);
});

test("the subscription of one who reads nothing ends with its connection", async () => {
  const { client, stall, watches } = await serve();
  const { id } = await client.tasks.chatty.delay({ words: 1 });
  const sockets = await Promise.all([stall(id), stall(id)]);
  await until(() => watches.size === 2);
  sockets[0]?.destroy();
  await until(() => watches.size === 1);
  sockets[1]?.destroy();
  await until(() => watches.size === 0);
});

test("a bound of tRPC's ends subscriptions that nobody reads, and who reads goes on after it", async () => {
  const served = await serve({ sse: { maxDurationMs: 500 } });
  const { client, steps, stall, watches, responses } = served;
  const result = await client.tasks.chatty.delay({ words: 100 });
  await stall(result.id);
  await until(() => watches.size === 1);
  let words = await sayUntilStalled(served, 90);
  await until(() => watches.size === 0);
  expect([...responses].map(({ writableNeedDrain }) => writableNeedDrain)).toEqual([true]);

  const ended = Promise.withResolvers<void>();
  const statuses: string[] = [];
  result.onProgress(
    ({ status }) => {
      statuses.push(status);
      if (status === "SUCCESSFUL") ended.resolve();
    },
    { onError: ended.reject },
  );
  for (let time = 0; time < 2; time++) {
    await until(() => watches.size === 1);
    await until(() => watches.size === 0);
  }
  expect(statuses).toEqual(["RUNNING"]);
  for (; words <= 100; words++) steps.allow();
  await ended.promise;
});

test("the HTTP server's timeout ends connections that nobody reads, and pings keep those that are only silent", async () => {
  const served = await serve({ sse: { ping: { enabled: true, intervalMs: 50 } }, timeoutMs: 400 });
  const { client, steps, stall, watches, responses } = served;
  const result = await client.tasks.chatty.delay({ words: 100 });
  await stall(result.id);
  await until(() => watches.size === 1);
  const words = await sayUntilStalled(served, 90);
  const statuses: string[] = [];
  const ended = Promise.withResolvers<void>();
  result.onProgress(
    ({ status }) => {
      statuses.push(status);
      if (status === "SUCCESSFUL") ended.resolve();
    },
    { onError: ended.reject },
  );
  await until(() => watches.size === 2);
  const silent = [...watches].at(-1);
  await until(() => responses.size === 0 && watches.size === 1);
  expect([...watches]).toEqual([silent]);
  for (let word = words; word <= 100; word++) steps.allow();
  await ended.promise;
});
