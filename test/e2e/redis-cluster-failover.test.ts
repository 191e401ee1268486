import { randomBytes } from "node:crypto";
import { expect, onTestFinished, type TestContext, test } from "vitest";
import { type ClusterNode, type RedisCluster, startRedisCluster } from "../harness/redis-cluster.ts";
import { FailoverJournal } from "./fixtures/failover-journal.ts";
import type { ClusterPlace } from "./fixtures/failover-process.ts";
import { fateTable, readAll, showTable } from "./fixtures/failover-table.ts";

const TIMEOUT_MS = 180_000;

function urlOf({ host, port }: ClusterNode): string {
  return `redis://${host}:${port}`;
}

/** The node that serves a partition now. */
function masterOf(
  cluster: RedisCluster,
  { keyPrefix }: ClusterPlace,
  partition: number,
): Promise<ClusterNode> {
  return cluster.masterOf(`{${keyPrefix}:${partition}}:version`);
}

/** The last digits of the ids that a node serves, which name their partitions. */
async function digitsOn(cluster: RedisCluster, place: ClusterPlace, node: ClusterNode): Promise<string> {
  const digits = [..."0123456789abcdef"];
  const masters = await Promise.all(digits.map((_, partition) => masterOf(cluster, place, partition)));
  return digits.filter((_, partition) => masters[partition]?.port === node.port).join("");
}

/** A place on a cluster of this test's own, and the journal of processes that work there. */
async function openPlace(context: TestContext) {
  const cluster = await startRedisCluster(context);
  const [first] = cluster.nodes as readonly [ClusterNode];
  const keyPrefix = `tw-failover${randomBytes(4).toString("hex")}`;
  const place = { url: urlOf(first), keyPrefix };
  const journal = new FailoverJournal();
  onTestFinished(() => journal[Symbol.asyncDispose]());
  return { cluster, place, journal };
}

test("a master is killed under load: what was acknowledged is found, and runs once", {
  timeout: TIMEOUT_MS,
}, async (context) => {
  const { cluster, place, journal } = await openPlace(context);
  const victim = await masterOf(cluster, place, 0);
  const digits = await digitsOn(cluster, place, victim);
  const order = { ...place, url: urlOf(victim) };
  const workers = [journal.start({ kind: "work", ...order }), journal.start({ kind: "work", ...order })];
  const producers = [
    journal.start({ kind: "produce", ...order }),
    journal.start({ kind: "produce", ...order }),
  ];
  await journal.until("work is under way", ({ acknowledged, runs }) => {
    return acknowledged.size > 2_000 && runs.size > 1_000;
  });
  await cluster.kill(victim);
  const before = journal.acknowledged.size;
  await cluster.untilPromoted(victim);
  // Its successor has no replica that could confirm anything until the dead node is back as one.
  await cluster.restart(victim);
  await journal.until("tasks of all partitions are acknowledged again", ({ acknowledged }) => {
    const later = [...acknowledged].slice(before).map((id) => digits.includes(id.slice(-1)));
    return later.filter((isOfVictim) => isOfVictim).length > 500 && later.includes(false);
  });
  await Promise.all(producers.map((process) => journal.stop(process)));
  const results = await readAll(order, journal);
  await Promise.all(workers.map((process) => journal.stop(process)));

  const table = fateTable(journal, results);
  showTable("a master is killed under load", table, journal);
  expect(table.found).toBe(table.acknowledged);
  expect(table.runOnce + table.runAgainAfterItsLease + table.runAgainAsItsEndWasLost).toBe(table.found);
  for (const { code } of journal.refused) expect(code).toBe("BACKEND_UNAVAILABLE");
});

test("a master dies whose replica has lagged: nothing runs again before its lease has expired, as no claim counts that the replica has not", {
  timeout: TIMEOUT_MS,
}, async (context) => {
  const { cluster, place, journal } = await openPlace(context);
  const victim = await masterOf(cluster, place, 0);
  const replica = cluster.nodes[cluster.nodes.indexOf(victim) + 3] as ClusterNode;
  const digits = await digitsOn(cluster, place, victim);
  const isOfVictim = (id: string) => digits.includes(id.slice(-1));
  const producer = journal.start({ kind: "produce", ...place });
  await journal.until("tasks wait", ({ acknowledged }) => acknowledged.size > 1_000);
  const worker = journal.start({ kind: "work", ...place });
  await journal.until("work is under way", ({ settled }) => settled.size > 100);
  // It takes over however long it has lagged.
  await cluster.cli(replica, "config", "set", "cluster-replica-validity-factor", "0");
  // It is not let in any more, so that it stays as it is.
  await cluster.cli(replica, "config", "set", "masterauth", "wrong");
  await cluster.cli(replica, "client", "kill", "type", "master");
  const before = journal.settled.size;
  await journal.until("other masters' tasks are run", ({ settled }) => {
    return [...settled].slice(before).filter((id) => !isOfVictim(id)).length > 80;
  });
  const begun = [...journal.runs.keys()].filter(isOfVictim).length;
  const after = journal.settled.size;
  await journal.until("more of them are run", ({ settled }) => settled.size > after + 50);
  expect([...journal.runs.keys()].filter(isOfVictim)).toHaveLength(begun);
  await cluster.kill(victim);
  await cluster.untilPromoted(victim);
  await cluster.restart(victim);
  await journal.stop(producer);
  const results = await readAll({ ...place, url: urlOf(replica) }, journal);
  await journal.stop(worker);

  const table = fateTable(journal, results);
  showTable("a master dies whose replica has lagged", table, journal);
  expect(table.found).toBe(table.acknowledged);
  expect(table).toMatchObject({ runAgainAsItsEndWasLost: 0, runAgainAsItsClaimWasLost: 0 });
  expect(table.runOnce + table.runAgainAfterItsLease).toBe(table.found);
});

test("a slot that is moved to another master while it is used loses nothing and runs nothing twice", {
  timeout: TIMEOUT_MS,
}, async (context) => {
  const { cluster, place, journal } = await openPlace(context);
  const worker = journal.start({ kind: "work", ...place });
  const producer = journal.start({ kind: "produce", ...place });
  await journal.until("work is under way", ({ acknowledged, runs }) => {
    return acknowledged.size > 500 && runs.size > 500;
  });
  const source = await masterOf(cluster, place, 0);
  const target = cluster.nodes.slice(0, 3).find(({ port }) => port !== source.port) as ClusterNode;
  const slot = String(await cluster.cli(source, "cluster", "keyslot", `{${place.keyPrefix}:0}:`));
  const moved = await moveSlot(cluster, { slot, source, target });
  expect(moved).toBeGreaterThan(10);
  const before = journal.acknowledged.size;
  await journal.until("tasks of the moved partition are acknowledged again", ({ acknowledged }) => {
    return [...acknowledged].slice(before).filter((id) => id.endsWith("0")).length > 50;
  });
  await journal.stop(producer);
  const results = await readAll(place, journal);
  await journal.stop(worker);

  const table = fateTable(journal, results);
  showTable("a slot is moved", table, journal);
  expect(table).toMatchObject({ found: table.acknowledged, runOnce: table.acknowledged });
  for (const { code } of journal.refused) expect(code).toBe("BACKEND_UNAVAILABLE");
});

/** Moves a slot key by key, as redis-cli --cluster reshard does; resolves to the number of keys. */
async function moveSlot(
  cluster: RedisCluster,
  { slot, source, target }: { slot: string; source: ClusterNode; target: ClusterNode },
): Promise<number> {
  const [sourceId, targetId] = await Promise.all(
    [source, target].map(async (node) => String(await cluster.cli(node, "cluster", "myid"))),
  );
  await cluster.cli(target, "cluster", "setslot", slot, "importing", String(sourceId));
  await cluster.cli(source, "cluster", "setslot", slot, "migrating", String(targetId));
  let moved = 0;
  for (;;) {
    const keys = (await cluster.cli(source, "cluster", "getkeysinslot", slot, "10")) as string[];
    if (keys.length === 0) break;
    await cluster.cli(source, "migrate", target.host, String(target.port), "", "0", "5000", "keys", ...keys);
    moved += keys.length;
  }
  // Replicas hear of it from their masters.
  for (const node of [target, source, ...cluster.nodes.slice(0, 3)])
    await cluster.cli(node, "cluster", "setslot", slot, "node", String(targetId));
  return moved;
}
