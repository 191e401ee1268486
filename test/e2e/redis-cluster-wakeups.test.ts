import { randomBytes } from "node:crypto";
import { createTaskClient, createTaskServer } from "@taskwright/server";
import { redisBackend } from "@taskwright/server/redis";
import { createWorker } from "@taskwright/server/worker";
import { expect, onTestFinished, test, vi } from "vitest";
import { type ClusterNode, type RedisCluster, startRedisCluster } from "../harness/redis-cluster.ts";
import { failoverTasks } from "./fixtures/failover-contract.ts";

const MESSAGES = /name=taskwright-messages .*sub=[1-9]/;

/** The node from which a worker hears that there is work. */
async function heardNode(cluster: RedisCluster, nodes: readonly ClusterNode[]): Promise<ClusterNode> {
  return await vi.waitFor(
    async () => {
      for (const node of nodes) {
        const clients = String(await cluster.cli(node, "client", "list"));
        if (clients.split("\n").some((client) => MESSAGES.test(client))) return node;
      }
      throw new Error("Nobody listens.");
    },
    { timeout: 20_000 },
  );
}

test("an idle worker hears of work from another node when the one it listened to is killed", {
  timeout: 120_000,
}, async (context) => {
  const cluster = await startRedisCluster(context);
  const keyPrefix = `tw-wakes${randomBytes(4).toString("hex")}`;
  const urlOf = ({ host, port }: ClusterNode) => `redis://${host}:${port}`;
  const [first] = cluster.nodes as readonly [ClusterNode];
  const ran: number[] = [];
  const server = createTaskServer({
    tasks: failoverTasks,
    backend: redisBackend({ url: urlOf(first), keyPrefix }),
    logger: false,
    handlers: { tick: ({ input }) => void ran.push(input.n) },
  });
  const worker = createWorker(server);
  onTestFinished(async () => {
    await worker.stop();
    await server.close();
  });
  await worker.start();
  const victim = await heardNode(cluster, cluster.nodes);
  await cluster.kill(victim);
  await cluster.untilPromoted(victim);
  const others = cluster.nodes.filter((node) => node !== victim);
  const next = await heardNode(cluster, others);
  expect(next).not.toEqual(victim);

  await using client = createTaskClient(failoverTasks, {
    backend: redisBackend({ url: urlOf(next), keyPrefix }),
  });
  // Without a wake it looks every five minutes.
  for (let n = 0; n < 20; n++) {
    await client.tasks.tick.delay({ n });
    await vi.waitFor(() => expect(ran).toContain(n), { timeout: 10_000 });
  }
});
