import type { TestContext } from "vitest";
import type { RedisConfig } from "./own-servers/redis-recipes.ts";
import { freeRestartPort } from "./own-servers/restart-port.ts";
import {
  type ClusterView,
  countReplicas,
  isAgreed,
  isSettled,
  ownerOf,
  type SeenNode,
  viewOf,
} from "./redis-cluster-view.ts";
import { endingWith, RedisProcess } from "./redis-process.ts";
import { onRedis } from "./redis-server.ts";

const PATIENCE_MS = 30_000;
const LOOK_AGAIN_MS = 100;
const SLOTS = 16_384;
/** From the port of a node to the one on which it talks with the others. */
const BUS_DISTANCE = 10_000;

/** Where a node of a cluster is. */
export interface ClusterNode {
  readonly host: string;
  readonly port: number;
}

/** What a test's own cluster is to be like. */
export interface RedisClusterOptions {
  /** 3 unless told; fewer cannot promote a replica. */
  readonly masters?: number;
  /** 1 unless told. */
  readonly replicasPerMaster?: number;
  /** Further settings of every node as they stand in redis.conf, which win. */
  readonly config?: RedisConfig;
}

/** A Redis Cluster on free ports of 127.0.0.1, without a password, which keeps what was written while a node is down. */
export class RedisCluster implements AsyncDisposable {
  /** The first ones were formed as masters, the others as their replicas in turn. */
  readonly nodes: readonly ClusterNode[];
  readonly #servers: ReadonlyMap<number, RedisProcess>;
  readonly #down = new Set<number>();
  /** What the nodes that were killed served. */
  readonly #served = new Map<number, SeenNode>();

  private constructor(servers: readonly RedisProcess[]) {
    this.#servers = new Map(servers.map((server) => [server.port, server]));
    this.nodes = servers.map(({ port }) => ({ host: "127.0.0.1", port }));
  }

  /** Forms a cluster, and waits until every node says it is ok and every replica is in sync; whoever does it stops it. */
  static async form(options: RedisClusterOptions = {}): Promise<RedisCluster> {
    const { masters = 3, replicasPerMaster = 1 } = options;
    const servers = await launchNodes(masters * (1 + replicasPerMaster), options.config);
    const cluster = new RedisCluster(servers);
    try {
      await join(servers, masters);
      await cluster.#until("every node knows every other", (views) =>
        views.every(
          ({ nodes }) => nodes.length === servers.length && !nodes.some((one) => one.isInHandshake),
        ),
      );
      await replicate(servers, masters);
      const replicas = servers.length - masters;
      await cluster.#until("the cluster is ok, and its replicas are in sync", (views) => {
        return isSettled(views) && countReplicas(views) === replicas;
      });
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** The node that serves a key now; rejects while none does, until a replica has been promoted. */
  async masterOf(key: string): Promise<ClusterNode> {
    const [server] = this.#running();
    if (server === undefined) throw new Error("No node of the cluster runs.");
    const slot = Number(await server.cli("cluster", "keyslot", key));
    const port = ownerOf(slot, await this.#views());
    if (port === undefined) throw new Error(`No node serves slot ${slot} of the key ${JSON.stringify(key)}.`);
    return this.#nodeAt(port);
  }

  /** Sends a command to one node; resolves to the reply, rejects with the error. */
  cli(node: ClusterNode, command: string, ...args: readonly string[]): Promise<unknown> {
    return this.#serverOf(node).cli(command, ...args);
  }

  /** Ends a node without warning, as a crash would, and waits until it is gone. */
  async kill(node: ClusterNode): Promise<void> {
    const server = this.#serverOf(node);
    const { nodes } = await viewOf(server.port, server.url);
    const self = nodes.find(({ isMyself }) => isMyself);
    if (self !== undefined) this.#served.set(server.port, self);
    this.#down.add(server.port);
    await server.kill();
  }

  /** Waits until a replica serves what this master did when it was killed, and all running nodes know; resolves to it. */
  async untilPromoted(node: ClusterNode): Promise<ClusterNode> {
    const [slots] = this.#served.get(node.port)?.slots ?? [];
    if (slots === undefined) throw new Error(`The node on port ${node.port} was not killed as a master.`);
    const views = await this.#until(`a replica has taken over from port ${node.port}`, (views) => {
      const owner = ownerOf(slots[0], views);
      return owner !== undefined && owner !== node.port && isAgreed(views);
    });
    return this.#nodeAt(ownerOf(slots[0], views) as number);
  }

  /** Starts a node again after {@link kill}, and waits until all running nodes are ok and their replicas in sync. */
  async restart(node: ClusterNode): Promise<void> {
    const server = this.#serverOf(node);
    await server.start();
    this.#down.delete(server.port);
    await this.#until(`the node on port ${node.port} is in the cluster again`, isSettled);
  }

  /** Ends all nodes, and removes their folders. */
  async stop(): Promise<void> {
    await removeAll([...this.#servers.values()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #running(): RedisProcess[] {
    return [...this.#servers.values()].filter(({ port }) => !this.#down.has(port));
  }

  #views(): Promise<ClusterView[]> {
    return Promise.all(this.#running().map(({ port, url }) => viewOf(port, url)));
  }

  #serverOf({ port }: ClusterNode): RedisProcess {
    const server = this.#servers.get(port);
    if (server === undefined) throw new Error(`The cluster has no node on port ${port}.`);
    return server;
  }

  #nodeAt(port: number): ClusterNode {
    return this.nodes.find((node) => node.port === port) as ClusterNode;
  }

  /** Looks at what the running nodes know until that is enough; rejects when it takes too long. */
  async #until(what: string, isEnough: (views: readonly ClusterView[]) => boolean): Promise<ClusterView[]> {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      const views = await this.#views().catch((error: Error) => error);
      if (!(views instanceof Error) && isEnough(views)) return views;
      if (performance.now() > giveUpAt) {
        const seen = views instanceof Error ? views.message : JSON.stringify(views);
        throw new Error(`It did not come about within ${PATIENCE_MS / 1_000} s that ${what}: ${seen}`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }
}

/** Forms a cluster of the test's own, which ends with it; skips the test where there is no server to form it of. */
export function startRedisCluster(
  context: TestContext,
  options: RedisClusterOptions = {},
): Promise<RedisCluster> {
  return endingWith(context, RedisCluster.form(options), "Redis Cluster, and the loss of its nodes");
}

async function launchNodes(count: number, config: RedisConfig = {}): Promise<RedisProcess[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freeRestartPort([BUS_DISTANCE]));
  const settings = {
    requirepass: '""',
    "cluster-enabled": "yes",
    "cluster-config-file": "nodes.conf",
    "cluster-announce-ip": "127.0.0.1",
    "cluster-node-timeout": "1000",
    // Each replica stays with the master that it was given.
    "cluster-allow-replica-migration": "no",
    "repl-diskless-sync-delay": "0",
    "repl-ping-replica-period": "1",
    ...config,
  };
  const launched = await Promise.allSettled(
    [...ports].map((port) => RedisProcess.launch({ port, appendOnly: true, config: settings })),
  );
  const servers = launched.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = launched.find((one) => one.status === "rejected");
  if (failed === undefined) return servers;
  await removeAll(servers);
  throw failed.reason;
}

async function removeAll(servers: readonly RedisProcess[]): Promise<void> {
  await Promise.all(servers.map((server) => server.remove()));
}

/** Gives each master its share of the slots, and lets the nodes meet. */
async function join(servers: readonly RedisProcess[], masters: number): Promise<void> {
  const firstSlot = (index: number) => Math.floor((index * SLOTS) / masters);
  const prepare = servers.slice(0, masters).map(({ url }, index) =>
    onRedis(url, async (redis) => {
      const count = firstSlot(index + 1) - firstSlot(index);
      const slots = Array.from({ length: count }, (_, n) => firstSlot(index) + n);
      // Different ones, because two masters with the same one would have to settle that first.
      await redis.cluster("SET-CONFIG-EPOCH", index + 1);
      await redis.cluster("ADDSLOTS", ...slots);
    }),
  );
  await Promise.all(prepare);
  const [first, ...others] = servers as readonly [RedisProcess, ...RedisProcess[]];
  for (const { port } of others) await first.cli("cluster", "meet", "127.0.0.1", String(port));
}

async function replicate(servers: readonly RedisProcess[], masters: number): Promise<void> {
  const ids = await Promise.all(servers.slice(0, masters).map((server) => server.cli("cluster", "myid")));
  const replicas = servers.slice(masters);
  await Promise.all(
    replicas.map((server, index) => server.cli("cluster", "replicate", String(ids[index % masters]))),
  );
}
