import { initTasks } from "@taskwright/shared";
import { expect, onTestFinished, test } from "vitest";
import { freshRedisPrefix } from "../../../../../test/harness/redis-prefix.ts";
import { onRedis } from "../../../../../test/harness/redis-server.ts";
import { createTaskServer } from "../../index.ts";
import { createWorker } from "../../worker/index.ts";
import { redisBackend } from "./index.ts";

const t = initTasks.create();
const tasks = t.router({ plain: t.task, own: t.task.options({ lease: "10m" }) });

test("claimTimeout is the lease of tasks that set none of their own, for workers and the executor", async (context) => {
  const { url, keyPrefix } = freshRedisPrefix(context, "the leases of the Redis backend");
  const backend = redisBackend({ url, keyPrefix, claimTimeout: "5m" });
  const leases: Record<string, number> = {};
  /** How long the lease in the store has still to run, in seconds. */
  const look = async (path: string, id: string) => {
    const ends = await onRedis(url, (redis) => redis.zscore(`{${keyPrefix}:0}:leases`, id));
    const now = (await backend.readTime?.()) ?? Number.NaN;
    leases[path] = Math.ceil((Number(ends) - now) / 60_000);
  };
  const server = createTaskServer({
    tasks,
    backend,
    handlers: {
      plain: ({ attempt }) => look("plain", attempt.id),
      own: ({ attempt }) => look("own", attempt.id),
    },
  });
  onTestFinished(() => server.close());
  await server.client.tasks.plain.delay();
  await server.executor.processOneTask();
  expect(leases).toEqual({ plain: 5 });
  delete leases.plain;
  const worker = createWorker(server);
  await worker.start();
  await Promise.all([
    server.client.tasks.plain.delay().then((result) => result.get({ timeout: "20s" })),
    server.client.tasks.own.delay().then((result) => result.get({ timeout: "20s" })),
  ]);
  await worker.stop();
  expect(leases).toEqual({ plain: 5, own: 10 });
});
