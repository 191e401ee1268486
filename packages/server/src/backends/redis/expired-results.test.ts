import { initTasks } from "@taskwright/shared";
import { expect, onTestFinished, test, vi } from "vitest";
import { freshRedisPrefix } from "../../../../../test/harness/redis-prefix.ts";
import { onRedis } from "../../../../../test/harness/redis-server.ts";
import { createTaskServer } from "../../index.ts";
import { createWorker } from "../../worker/index.ts";
import { redisBackend } from "./index.ts";

const t = initTasks.create();
const COUNT = 2_500;

test("a purge forgets all that the server has let expire, however much, and nothing else", async (context) => {
  const { url, keyPrefix } = freshRedisPrefix(context, "that expired results leave the indexes");
  const server = createTaskServer({
    tasks: t.router({ work: t.task }),
    backend: redisBackend({ url, keyPrefix, completedTaskTtl: "1s" }),
    handlers: { work: () => {} },
  });
  onTestFinished(() => server.close());
  await server.client.tasks.work.enqueueMany(Array.from({ length: COUNT }, () => undefined));
  const worker = createWorker(server, { once: true, concurrency: 500 });
  await worker.start();
  await worker.stopped;
  const later = await server.client.tasks.work.applyAsync(undefined, { countdown: "1h" });
  const records = () =>
    onRedis(url, async (redis) => {
      const ids = await redis.zrange(`{${keyPrefix}:0}:ended:SUCCESSFUL`, "0", "-1");
      const keys = ids.map((member) => `{${keyPrefix}:0}:task:${member.split(" ")[0]}`);
      return keys.length === 0 ? 0 : await redis.exists(...keys);
    });
  await vi.waitUntil(async () => (await records()) === 0, { timeout: 10_000, interval: 100 });
  expect(await server.executor.getTaskCounts()).toMatchObject({ READY: 1, SUCCESSFUL: COUNT });
  expect(await server.executor.purge({ days: 7 })).toBe(0);
  expect(await server.executor.getTaskCounts()).toMatchObject({ READY: 1, SUCCESSFUL: 0 });
  expect(await later.status()).toBe("READY");
});
