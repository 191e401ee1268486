import { redisBackend } from "@taskwright/server/redis";
import { type ClusterNode, RedisCluster } from "../harness/redis-cluster.ts";
import { keyPrefixOf, removeKeys } from "../harness/redis-store.ts";
import type { BackendExercise } from "./exercise.ts";
import { REDIS_URL_VARIABLE } from "./open-redis.ts";
import { countEntries } from "./redis-cases.ts";
import type { StoreContext } from "./store-fixture.ts";

/** Order, of claims, lists and purges, is per partition; so is the place of the counters that an empty store keeps. */
const ORDERED: readonly string[] = [
  "a signal stops the handler that runs and gives its task back uncounted",
  "the lowest rank goes first",
  "equal ranks go in the order of their enqueue",
  "the order holds across the queues and tasks of a worker",
  "of two that are due at once the higher priority goes first",
  "nothing due more than a hundred minutes later can overtake",
  "ranks are numbers: negative, small and large ones sort by value",
  "a delayed task takes its place by rank once it is due, behind nobody who came later",
  "delayed tasks that become due together go by rank, then in the order of their enqueue",
  "one that is put back in line by hand takes the place that its new rank gives",
  "two thousand tasks in any order come out by rank and enqueue, whatever the size of the claims",
  "a worker claims from its own queues only",
  "a worker of all queues claims from every queue",
  "a worker may have three hundred handlers and fifty queues",
  "released ones keep their old place in line",
  "a returned task result has its old place in line",
  "a sweep of a thousand lost attempts returns them all",
  "of one that was lost before, only an attempt that has begun is lost again",
  "a purge takes the oldest ends first, at most its limit, and says that more are left",
  "the oldest go first across the states",
  "after everything was purged the store holds no more than at the beginning",
  "the last stored comes first, whatever time its enqueue says",
  "filters on inputs select together with all others",
  "a page looks at no more than it may, says how far it got, and the next one goes on there",
  "a page that is told no bound looks at 10,000 task results",
  "what is enqueued, deleted or purged between pages of a filter moves nothing else",
  "lists answer the same at every step of the index, and from several processes that fill it",
  "what is deleted or purged leaves nothing in the index",
  "the leases of a killed process return after their end, and its tokens are refused",
  "a handler that ignores its timeout loses its slot five seconds later, and its late return is refused",
  "of tasks that are due the one of the lowest rank runs first",
  "what a stopping worker had claimed but not begun goes back uncounted",
  "processOneTask runs the one of the lowest rank, and gives null when none is due",
  "a point of priority is thirty seconds of head start",
  "a retry takes the place that its new rank gives",
  "a task that nobody knew is offered to the first worker that has its handler, in its old place",
  "a release on expiry goes back to its old place in line",
  "a waiting task is not lost, however old its enqueue",
  "the time filters take in their beginning and leave out their end",
  "what a clock ahead has brought into line waits for its time by the clock of who asks",
];

/** A cluster of three masters, which nothing replaces, for all cases of a file. */
export function formCluster(): Promise<RedisCluster> {
  // A busy machine must not make a master look lost.
  const config = { appendonly: "no", "cluster-node-timeout": "15000" };
  return RedisCluster.form({ replicasPerMaster: 0, config });
}

function urlOf({ host, port }: ClusterNode, user = ""): string {
  return `redis://${user}${host}:${port}`;
}

/** What cases on a cluster need: keys of their own, and a user that can be removed. */
export function clusterExercise(
  cluster: RedisCluster | null,
): Pick<
  BackendExercise,
  "open" | "remove" | "unstorable" | "breakage" | "footprint" | "callers" | "processes" | "gathered"
> {
  const { nodes = [] } = cluster ?? {};
  const [first] = nodes as readonly [ClusterNode];
  if (cluster !== null) process.env[REDIS_URL_VARIABLE] = urlOf(first);
  const onEach = (command: string, ...args: readonly string[]) =>
    Promise.all(nodes.map((node) => cluster?.cli(node, command, ...args)));
  return {
    open: async (context) => {
      const prefix = keyPrefixOf(context);
      const rights = [`~{${prefix}:*`, `&${prefix}:*`, "+@all"];
      await onEach("acl", "setuser", prefix, "on", ">secret", ...rights);
      const backend = redisBackend({ url: urlOf(first, `${prefix}:secret@`), keyPrefix: prefix });
      await backend.open();
      return backend;
    },
    remove: async (context) => {
      const prefix = keyPrefixOf(context);
      await onEach("acl", "deluser", prefix);
      await Promise.all(nodes.map((node) => removeKeys(urlOf(node), prefix)));
    },
    unstorable: { none: "stores any text" },
    breakage: {
      // The loss of nodes is shown in test/e2e: for each command the driver waits for a new master.
      inflict: async (context) => void (await onEach("acl", "setuser", keyPrefixOf(context), "-@all")),
    },
    callers: { none: "keeps task results apart from the caller's data; see the outbox" },
    processes: { opener: new URL("./open-redis.ts", import.meta.url).href },
    footprint: {
      measure: async (context: StoreContext) => {
        const counts = nodes.map((node) => countEntries(urlOf(node), keyPrefixOf(context)));
        return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
      },
    },
    gathered: { cases: ORDERED, gather: (id) => `${id.slice(0, -1)}0` },
  };
}
