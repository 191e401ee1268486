import { expect, test } from "vitest";
import { refusal } from "../../../../../test/harness/sqlite-store.ts";
import { redisBackend } from "./index.ts";

const url = "redis://localhost";
const client = { call: () => {}, duplicate: () => {}, on: () => {}, off: () => {} };
const NAME = 'must be 1 to 100 letters, digits or any of "-_.:/"';
const PLACE = 'url must be the URL of a Redis server, such as "redis://host:6379" or "rediss://host:6380".';
const CLUSTER = 'cluster must be true, false or { nodes: [{ host: "…", port: 6379 }, …] }.';

test.each([
  [undefined, 'needs its options as an object, such as { url: "redis://localhost:6379" }'],
  [null, "needs its options as an object"],
  [url, "needs its options as an object"],
  [{ url, keyPrefx: "a" }, 'has no option "keyPrefx". Did you mean "keyPrefix"?'],
  [{ url: "" }, PLACE],
  [{ url: 5 }, PLACE],
  [{ url: "localhost:6379" }, PLACE],
  [{ url: "http://localhost" }, PLACE],
  [{ url: "redis://[" }, PLACE],
  [{ url, client }, "needs either url or client, and not both"],
  [{ url, host: "a" }, "takes host only without url, which says it already"],
  [{ client, db: 1 }, "takes db only without client, which says it already"],
  [{ client: {} }, "client must be a Redis or a Cluster of the package ioredis"],
  [{ client: null }, "client must be a Redis or a Cluster of the package ioredis"],
  [{ client: url }, "client must be a Redis or a Cluster of the package ioredis"],
  [{ client: { ...client, options: { keyPrefix: "a:" } } }, "client must have no keyPrefix of its own"],
  [{ host: "" }, "host must be a name or an address"],
  [{ host: 5 }, "host must be a name or an address"],
  [{ port: 0 }, "port must be an integer from 1 to 65535"],
  [{ port: 65_536 }, "port must be an integer from 1 to 65535"],
  [{ port: "6379" }, "port must be an integer from 1 to 65535"],
  [{ db: -1 }, "db must be an integer from 0"],
  [{ db: "1" }, "db must be an integer from 0"],
  [{ username: 5 }, "username must be a string"],
  [{ password: 5 }, "password must be a string"],
  [{ tls: "yes" }, "tls must be true, false or an object"],
  [{ tls: null }, "tls must be true, false or an object"],
  [{ url, cluster: "yes" }, CLUSTER],
  [{ url, cluster: null }, CLUSTER],
  [{ url, cluster: {} }, CLUSTER],
  [{ url, cluster: { nodes: [] } }, CLUSTER],
  [{ url, cluster: { nodes: [{ host: "a" }] } }, CLUSTER],
  [{ url, cluster: { nodes: [null] } }, CLUSTER],
  [{ url, keyPrefix: "" }, `keyPrefix ${NAME}`],
  [{ url, keyPrefix: "a b" }, `keyPrefix ${NAME}`],
  [{ url, keyPrefix: "{a}" }, `keyPrefix ${NAME}`],
  [{ url, keyPrefix: "a*" }, `keyPrefix ${NAME}`],
  [{ url, keyPrefix: "a".repeat(101) }, `keyPrefix ${NAME}`],
  [{ url, keyPrefix: 5 }, `keyPrefix ${NAME}`],
  [{ url, keyPrefix: null }, `keyPrefix ${NAME}`],
  [{ url, consumerGroup: "" }, `consumerGroup ${NAME}`],
  [{ url, consumerGroup: "a b" }, `consumerGroup ${NAME}`],
  [{ url, resultTtl: "soon" }, "resultTtl"],
  [{ url, resultTtl: 5 }, "resultTtl"],
  [{ url, resultTtl: "10ms" }, 'resultTtl must be from "1s" to "3650d"'],
  [{ url, resultTtl: "4000d" }, "resultTtl"],
  [{ url, completedTaskTtl: "0s" }, 'completedTaskTtl must be from "1s" to "3650d"'],
  [{ url, completedTaskTtl: "" }, "completedTaskTtl"],
  [{ url, claimTimeout: "10ms" }, 'claimTimeout must be at least "1s"'],
  [{ url, claimTimeout: "later" }, "claimTimeout"],
  [{ url, blockTimeout: "10ms" }, 'blockTimeout must be at least "100ms"'],
  [{ url, blockTimeout: null }, "blockTimeout"],
  [{ url, waitForReplicas: 1 }, "waitForReplicas must be { count, timeout }"],
  [{ url, waitForReplicas: null }, "waitForReplicas must be { count, timeout }"],
  [{ url, waitForReplicas: {} }, "waitForReplicas.count must be an integer from 1 to 100"],
  [{ url, waitForReplicas: { count: 0 } }, "waitForReplicas.count must be an integer from 1 to 100"],
  [{ url, waitForReplicas: { count: 1, timeout: "0s" } }, "waitForReplicas.timeout must be at least"],
  [{ url, waitForReplicas: { count: 1, timeout: "x" } }, "waitForReplicas.timeout"],
])("%j is refused with what was expected", async (options, words) => {
  const error = await refusal(() => redisBackend(options as never));
  expect(error.code).toBe("INVALID_OPTION");
  expect(error.message).toContain(words);
});

test.each([
  {},
  { url: "rediss://user:pass@host:6380/2" },
  { host: "a", port: 1, db: 15, username: "u", password: "p", tls: { ca: "x" } },
  { url, cluster: { nodes: [{ host: "b", port: 7_000 }] } },
  { url, keyPrefix: "my-app.tasks:v1/a_b", consumerGroup: "workers" },
  { url, resultTtl: "1s", completedTaskTtl: "3650d", claimTimeout: "1s", blockTimeout: "100ms" },
  { url, waitForReplicas: { count: 1 } },
  { client },
])("%j is taken", (options) => {
  expect(redisBackend(options as never).kind).toBe("redis");
});
