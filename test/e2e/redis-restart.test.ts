import { createTaskServer } from "@taskwright/server";
import type { Backend } from "@taskwright/server/backend";
import { redisBackend } from "@taskwright/server/redis";
import { createWorker } from "@taskwright/server/worker";
import { initTasks, isTaskError } from "@taskwright/shared";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { startRedis } from "../harness/redis-process.ts";

const LEASE_MS = 2_000;
const t = initTasks.create();
const tasks = t.router({
  // The lease of what was claimed when the server went away ends soon.
  double: t.task
    .input(z.object({ n: z.int() }))
    .output(z.int())
    .options({ lease: "2s", maxRetries: 0 }),
});
const KILLS = 3;
const HANDLED_BETWEEN = 150;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(look: () => boolean | Promise<boolean>, patienceMs = 30_000): Promise<void> {
  const giveUpAt = Date.now() + patienceMs;
  while (!(await look())) {
    if (Date.now() > giveUpAt) throw new Error(`It did not become so within ${patienceMs} ms: ${look}`);
    await pause(20);
  }
}

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

test("a server with an append-only file that is killed again and again under load loses nothing acknowledged, and runs nothing twice within its lease", {
  timeout: 120_000,
}, async (context) => {
  const server = await startRedis(context, { appendOnly: true, config: { appendfsync: "always" } });
  const { url } = server;
  const startsOf = new Map<number, number[]>();
  let handled = 0;
  const serve = (backend: Backend) =>
    createTaskServer({
      tasks,
      backend,
      logger: silent,
      handlers: {
        double: async ({ input }) => {
          startsOf.set(input.n, [...(startsOf.get(input.n) ?? []), performance.now()]);
          handled++;
          await pause(5);
          return 2 * input.n;
        },
      },
    });
  const [working, enqueuing] = [serve(redisBackend({ url })), serve(redisBackend({ url }))];
  const worker = createWorker(working, { interval: "1m", claimInterval: "1s", concurrency: 10 });
  let isProducing = true;
  onTestFinished(async () => {
    isProducing = false;
    await worker.stop();
    await Promise.all([working.close(), enqueuing.close()]);
  });

  const acknowledged = new Map<number, { get(options: { timeout: "40s" }): Promise<number> }>();
  const refusals: unknown[] = [];
  let next = 0;
  const produce = async () => {
    while (isProducing) {
      const n = next++;
      await enqueuing.client.tasks.double.delay({ n }).then(
        (result) => void acknowledged.set(n, result),
        (error: unknown) => void refusals.push(error),
      );
      await pause(5);
    }
  };
  await worker.start();
  const producers = [produce(), produce(), produce()];
  for (let kills = 0; kills < KILLS; kills++) {
    const before = handled;
    await until(() => handled > before + HANDLED_BETWEEN);
    await server.kill();
    await pause(500);
    await server.start();
  }
  const before = handled;
  await until(() => handled > before + HANDLED_BETWEEN);
  isProducing = false;
  await Promise.all(producers);

  const results = await Promise.all(
    [...acknowledged].map(async ([n, result]) => [n, await result.get({ timeout: "40s" })] as const),
  );
  expect(results.length).toBeGreaterThan(KILLS * HANDLED_BETWEEN);
  expect(results.filter(([n, output]) => output !== 2 * n)).toEqual([]);
  expect(refusals.filter((error) => !isTaskError(error, "BACKEND_UNAVAILABLE"))).toEqual([]);
  const twice = [...startsOf.values()].filter((starts) => starts.length > 1);
  for (const starts of twice) {
    const gaps = starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(LEASE_MS * 0.9);
  }
  context.annotate(
    `${results.length} acknowledged and found, ${refusals.length} refused, ${twice.length} run again after their lease`,
  );
});
