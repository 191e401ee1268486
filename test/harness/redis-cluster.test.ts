import { expect, test } from "vitest";
import { startRedisCluster } from "./redis-cluster.ts";
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

    // Two seconds for two keys, so that only waiting explains a replica in sync.
    await cluster.cli(promoted, "set", "{key}:other", "a value");
    await cluster.cli(promoted, "config", "set", "rdb-key-save-delay", "1000000");
    await cluster.restart(master);
    expect(await cluster.masterOf("key")).toEqual(promoted);
    const role = await cluster.cli(master, "info", "replication");
    expect(role).toContain(`role:slave\r\nmaster_host:127.0.0.1\r\nmaster_port:${promoted.port}`);
    expect(role).toContain("master_link_status:up");

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
