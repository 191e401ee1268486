import { expect, test } from "vitest";
import { startRedisCluster } from "./redis-cluster.ts";
import { seenNodes } from "./redis-cluster-view.ts";
import { onRedis } from "./redis-server.ts";

const PATIENCE = { timeout: 120_000 };

test(
  "a master is killed, its replica takes over with what was replicated, and it comes back as a replica",
  PATIENCE,
  async (context) => {
    const cluster = await startRedisCluster(context);
    expect(cluster.nodes).toHaveLength(6);
    const formed = await Promise.all(cluster.nodes.map((node) => cluster.cli(node, "cluster", "info")));
    for (const info of formed) expect(info).toMatch(/cluster_state:ok\r\ncluster_slots_assigned:16384/);

    const master = await cluster.masterOf("key");
    expect(cluster.nodes.slice(0, 3)).toContainEqual(master);
    const replicated = await onRedis(`redis://${master.host}:${master.port}`, async (redis) => {
      await redis.set("key", "a value");
      return redis.wait(1, 5_000);
    });
    expect(replicated).toBe(1);

    await cluster.kill(master);
    await expect(cluster.masterOf("key")).rejects.toThrow("No node serves slot");
    const promoted = await cluster.untilPromoted(master);
    expect(cluster.nodes.slice(3)).toContainEqual(promoted);
    expect(await cluster.masterOf("key")).toEqual(promoted);
    expect(await cluster.cli(promoted, "get", "key")).toBe("a value");
    expect(await cluster.cli(promoted, "set", "key", "another")).toBe("OK");

    await cluster.restart(master);
    expect(await cluster.masterOf("key")).toEqual(promoted);
    expect(await cluster.cli(master, "info", "replication")).toContain(
      `role:slave\r\nmaster_host:127.0.0.1\r\nmaster_port:${promoted.port}`,
    );

    // The other way round: what was written while it was down has reached it.
    await cluster.kill(promoted);
    expect(await cluster.untilPromoted(promoted)).toEqual(master);
    expect(await cluster.cli(master, "get", "key")).toBe("another");
  },
);

test(
  "a cluster can be formed without replicas, and nobody is promoted who was no master",
  PATIENCE,
  async (context) => {
    const cluster = await startRedisCluster(context, {
      replicasPerMaster: 0,
      config: { "maxmemory-policy": "allkeys-lru" },
    });
    expect(cluster.nodes).toHaveLength(3);
    const [node] = cluster.nodes as [(typeof cluster.nodes)[0]];
    expect(await cluster.cli(node, "config", "get", "maxmemory-policy")).toContain("allkeys-lru");
    await expect(cluster.untilPromoted(node)).rejects.toThrow("was not killed as a master");
    const owners = await Promise.all(["a", "b", "c"].map((key) => cluster.masterOf(key)));
    expect(new Set(owners.map(({ port }) => port)).size).toBe(3);
  },
);

test("what a node tells of the others is read", () => {
  const told = [
    "07c37d 127.0.0.1:30004@31004 slave e7d1ee 0 1426238317239 4 connected",
    "e7d1ee 127.0.0.1:30001@31001,host.example myself,master - 0 0 1 connected 0-5460 [93->-292f8b]",
    "292f8b 127.0.0.1:30003@31003 master,fail - 0 1426238318243 3 disconnected 10923-16382 16383",
    "824fe1 :0@0 handshake - 0 0 0 disconnected",
    "",
  ].join("\n");
  const other = { isMyself: false, isMaster: false, isInHandshake: false, slots: [] };
  expect(seenNodes(told)).toEqual([
    { ...other, port: 30004, epoch: 4 },
    { ...other, port: 30001, isMyself: true, isMaster: true, epoch: 1, slots: [[0, 5460]] },
    {
      ...other,
      port: 30003,
      isMaster: true,
      epoch: 3,
      slots: [
        [10923, 16382],
        [16383, 16383],
      ],
    },
    { ...other, port: 0, isInHandshake: true, epoch: 0 },
  ]);
});
