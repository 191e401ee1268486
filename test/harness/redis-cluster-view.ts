import { onRedis } from "./redis-server.ts";

/** A node of a cluster, as another one sees it. */
export interface SeenNode {
  readonly port: number;
  readonly isMyself: boolean;
  readonly isMaster: boolean;
  /** They know each other only from hearsay so far. */
  readonly isInHandshake: boolean;
  /** The higher one is right where two nodes claim a slot. */
  readonly epoch: number;
  /** First and last slots, both included. */
  readonly slots: readonly (readonly [number, number])[];
}

/** What one node knows of its cluster. */
export interface ClusterView {
  readonly port: number;
  readonly isOk: boolean;
  readonly nodes: readonly SeenNode[];
  /** Its master, if it has one, has sent it everything, and goes on. */
  readonly isInSync: boolean;
  /** How many replicas of its own it has brought up to date. */
  readonly replicasInSync: number;
}

/** Asks a node what it knows. */
export function viewOf(port: number, url: string): Promise<ClusterView> {
  return onRedis(url, async (redis) => {
    const [cluster, nodes, replication] = await Promise.all([
      redis.cluster("INFO"),
      redis.cluster("NODES"),
      redis.info("replication"),
    ]);
    return {
      port,
      isOk: /^cluster_state:ok\r?$/m.test(cluster),
      nodes: seenNodes(String(nodes)),
      isInSync: /^role:master\r?$/m.test(replication) || /^master_link_status:up\r?$/m.test(replication),
      replicasInSync: replication.match(/^slave\d+:.*state=online/gm)?.length ?? 0,
    };
  });
}

/** Whether this node serves the slot. */
export function serves(node: SeenNode, slot: number): boolean {
  return node.isMaster && node.slots.some(([first, last]) => first <= slot && slot <= last);
}

/** Reads the answer to CLUSTER NODES. */
export function seenNodes(text: string): SeenNode[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line): SeenNode => {
    const [, address = "", flags = "", , , , epoch, , ...slots] = line.trim().split(" ");
    const flagged = new Set(flags.split(","));
    return {
      port: Number(/:(\d+)/.exec(address.replace(/@.*/, ""))?.[1]),
      isMyself: flagged.has("myself"),
      isMaster: flagged.has("master"),
      isInHandshake: flagged.has("handshake"),
      epoch: Number(epoch),
      // Those in brackets are on their way from one node to another.
      slots: slots.filter((range) => !range.startsWith("[")).map(rangeOf),
    };
  });
}

function rangeOf(text: string): readonly [number, number] {
  const [first, last = first] = text.split("-").map(Number);
  return [first as number, last as number];
}
