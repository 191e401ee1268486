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

/** The port of the node that serves a slot, by what the nodes say of themselves. */
export function ownerOf(slot: number, views: readonly ClusterView[]): number | undefined {
  const selves = views.flatMap(({ nodes }) => nodes.filter(({ isMyself }) => isMyself));
  const owners = selves.filter((node) => serves(node, slot)).sort((a, b) => b.epoch - a.epoch);
  return owners[0]?.port;
}

/** Whether all nodes are ok, and of one mind about who serves what. */
export function isAgreed(views: readonly ClusterView[]): boolean {
  const mapOf = ({ nodes }: ClusterView) =>
    nodes.flatMap(({ port, isMaster, slots }) => (isMaster ? slots.map((range) => `${range}@${port}`) : []));
  const maps = new Set(views.map((view) => mapOf(view).sort().join()));
  return maps.size === 1 && views.every(({ isOk }) => isOk);
}

/** Whether besides {@link isAgreed} each of these nodes that is a replica is in sync, by its own word and its master's. */
export function isSettled(views: readonly ClusterView[]): boolean {
  const inSync = views.reduce((sum, { replicasInSync }) => sum + replicasInSync, 0);
  return isAgreed(views) && views.every((view) => view.isInSync) && inSync === countReplicas(views);
}

/** How many of these nodes say that they are replicas. */
export function countReplicas(views: readonly ClusterView[]): number {
  return views.filter(({ nodes }) => nodes.some((node) => node.isMyself && !node.isMaster)).length;
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

function serves(node: SeenNode, slot: number): boolean {
  return node.isMaster && node.slots.some(([first, last]) => first <= slot && slot <= last);
}
