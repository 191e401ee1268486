import { createTaskServer } from "@taskwright/server";
import type { Backend } from "@taskwright/server/backend";
import { postgresBackend } from "@taskwright/server/postgres";
import { createWorker } from "@taskwright/server/worker";
import { initTasks } from "@taskwright/shared";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { startPostgres } from "../harness/postgres-server.ts";

const t = initTasks.create();
const tasks = t.router({
  // The lease of what was claimed when the server went away ends soon.
  double: t.task
    .input(z.object({ n: z.int() }))
    .output(z.int())
    .options({ lease: "2s", maxRetries: 5 }),
});
const COUNT = 600;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(look: () => boolean | Promise<boolean>, patienceMs = 30_000): Promise<void> {
  const giveUpAt = Date.now() + patienceMs;
  while (!(await look())) {
    if (Date.now() > giveUpAt) throw new Error(`It did not become so within ${patienceMs} ms: ${look}`);
    await pause(20);
  }
}

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

test.for(["SIGINT", "SIGQUIT"] as const)(
  "a server that restarts (%s) in the middle of claims and ends loses nothing, and workers go on and are woken",
  async (signal, context) => {
    const server = await startPostgres(context);
    const { url } = server;
    const backend = postgresBackend({ url });
    await backend.schema?.migrate();
    let handled = 0;
    const serve = (backend: Backend) =>
      createTaskServer({
        tasks,
        backend,
        logger: silent,
        handlers: {
          double: async ({ input }) => {
            handled++;
            await pause(5);
            return 2 * input.n;
          },
        },
      });
    const [working, enqueuing] = [serve(backend), serve(postgresBackend({ url }))];
    const client = enqueuing.client.tasks;
    const results = await client.double.enqueueMany(Array.from({ length: COUNT }, (_, n) => ({ n })));
    // So long between looks that only a notice explains a task that begins soon.
    const worker = createWorker(working, { interval: "1m", claimInterval: "1s", concurrency: 5 });
    onTestFinished(async () => {
      await worker.stop();
      await Promise.all([working.close(), enqueuing.close()]);
    });
    await worker.start();
    await until(() => handled > 50);
    await server.stop(signal);
    const handledBefore = handled;
    await pause(1_500);
    await server.start();
    await until(() => handled > handledBefore + 50);
    await server.stop(signal);
    await server.start();

    const wait = { timeout: "40s" } as const;
    const outputs = await Promise.all(results.map((result) => result.get(wait)));
    expect(outputs).toEqual(Array.from({ length: COUNT }, (_, n) => 2 * n));
    const ended = await Promise.all(results.map((result) => result.refresh()));
    expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(["SUCCESSFUL"]));
    const startedAt = Date.now();
    expect(await (await client.double.delay({ n: 21 })).get(wait)).toBe(42);
    expect(Date.now() - startedAt).toBeLessThan(2_000);
    // Woken once more, when everybody is idle for certain.
    await pause(500);
    const handledThen = handled;
    await client.double.delay({ n: 1 });
    await until(() => handled > handledThen, 2_000);
  },
);
