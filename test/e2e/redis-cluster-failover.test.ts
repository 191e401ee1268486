import { randomBytes } from "node:crypto";
import { createTaskClient } from "@taskwright/server";
import { redisBackend } from "@taskwright/server/redis";
import type { TaskResult } from "@taskwright/shared";
import { expect, onTestFinished, test, vi } from "vitest";
import { type ClusterNode, type RedisCluster, startRedisCluster } from "../harness/redis-cluster.ts";
import { failoverTasks } from "./fixtures/failover-contract.ts";
import { FailoverJournal } from "./fixtures/failover-journal.ts";

/** What became of all tasks, as it stands in docs/backends/redis.md. */
interface FailoverTable {
  readonly acknowledged: number;
  readonly found: number;
  readonly refused: number;
  readonly runOnce: number;
  readonly runAgainAfterItsLease: number;
  readonly runAgainAsItsEndWasLost: number;
  readonly runAgainForNoReason: number;
}

function urlOf({ host, port }: ClusterNode): string {
  return `redis://${host}:${port}`;
}

/** The ends of the ids that a node serves: a partition is the last digit. */
async function digitsOn(cluster: RedisCluster, node: ClusterNode, keyPrefix: string): Promise<string[]> {
  const digits = [..."0123456789abcdef"];
  const masters = await Promise.all(
    digits.map((_, partition) => cluster.masterOf(`{${keyPrefix}:${partition}}:version`)),
  );
  return digits.filter((_, partition) => masters[partition]?.port === node.port);
}

async function readAll(url: string, keyPrefix: string, ids: readonly string[]): Promise<TaskResult[]> {
  await using client = createTaskClient(failoverTasks, { backend: redisBackend({ url, keyPrefix }) });
  return await Promise.all(ids.map((id) => client.tasks.tick.result(id).refresh()));
}

function tableOf(journal: FailoverJournal, results: readonly TaskResult[]): FailoverTable {
  const again = results.filter(({ id }) => (journal.runs.get(id) ?? 0) > 1);
  const afterLease = again.filter(({ errors }) => errors.some(({ type }) => type === "LEASE_EXPIRED"));
  const others = again.filter((one) => !afterLease.includes(one));
  const endLost = others.filter(({ id }) => journal.ranAfterEnd.has(id));
  return {
    acknowledged: journal.acknowledged.size,
    found: results.length,
    refused: journal.refused.length,
    runOnce: results.filter(({ id }) => journal.runs.get(id) === 1).length,
    runAgainAfterItsLease: afterLease.length,
    runAgainAsItsEndWasLost: endLost.length,
    runAgainForNoReason: others.length - endLost.length,
  };
}

test("a master is killed under load: what was acknowledged is found and runs, and twice only after its lease or a lost end", {
  timeout: 180_000,
}, async (context) => {
  const cluster = await startRedisCluster(context);
  const keyPrefix = `tw-failover${randomBytes(4).toString("hex")}`;
  const victim = await cluster.masterOf(`{${keyPrefix}:0}:version`);
  const digits = await digitsOn(cluster, victim, keyPrefix);
  const survivor = cluster.nodes.find(({ port }) => port !== victim.port) as ClusterNode;
  const journal = new FailoverJournal();
  onTestFinished(() => journal[Symbol.asyncDispose]());
  const place = { url: urlOf(victim), keyPrefix };
  const workers = [journal.start({ kind: "work", ...place }), journal.start({ kind: "work", ...place })];
  const producers = [
    journal.start({ kind: "produce", ...place }),
    journal.start({ kind: "produce", ...place }),
  ];
  await journal.until("work is under way", () => journal.acknowledged.size > 400 && journal.runs.size > 400);

  await cluster.kill(victim);
  const before = journal.acknowledged.size;
  await cluster.untilPromoted(victim);
  // Its successor has no replica that could confirm anything until the dead node is back as one.
  await cluster.restart(victim);
  const isOfVictim = (id: string) => digits.includes(id.slice(-1));
  await journal.until("tasks of the lost partitions are acknowledged again", () => {
    const later = [...journal.acknowledged].slice(before);
    return later.filter(isOfVictim).length > 200 && later.filter((id) => !isOfVictim(id)).length > 200;
  });
  await Promise.all(producers.map((process) => journal.stop(process)));
  await journal.until("everything acknowledged has run", () =>
    [...journal.acknowledged].every((id) => journal.runs.has(id)),
  );
  const results = await vi.waitFor(
    async () => {
      const all = await readAll(urlOf(survivor), keyPrefix, [...journal.acknowledged]);
      expect(all.filter(({ status }) => status !== "SUCCESSFUL")).toEqual([]);
      return all;
    },
    { timeout: 60_000, interval: 500 },
  );
  await Promise.all(workers.map((process) => journal.stop(process)));

  const table = tableOf(journal, results);
  if (process.env.TASKWRIGHT_TEST_SHOW === "failover") {
    process.stdout.write(`${JSON.stringify(table, null, 2)}\n`);
    const reasons = Map.groupBy(journal.refused, ({ code, message }) => `${code}: ${message}`);
    for (const [reason, all] of reasons) process.stdout.write(`refused ${all.length} ${reason}\n`);
  }
  expect(table).toMatchObject({ found: table.acknowledged, runAgainForNoReason: 0 });
  const again = table.runAgainAfterItsLease + table.runAgainAsItsEndWasLost;
  expect(table.runOnce + again).toBe(table.acknowledged);
  expect(new Set(journal.refused.map(({ code }) => code))).toEqual(new Set(["BACKEND_UNAVAILABLE"]));
});
