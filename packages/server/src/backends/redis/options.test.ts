import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { refusal } from "../../../../../test/harness/sqlite-store.ts";
import { redisBackend } from "./index.ts";
import { resolveRedisOptions } from "./options.ts";

const PAGE = readFileSync(new URL("../../../../../docs/backends/redis.md", import.meta.url), "utf8");
const DAY = 86_400_000;

test("without options but a place, everything has the default that the documentation names", () => {
  expect(resolveRedisOptions({ url: "redis://localhost" })).toEqual({
    keyPrefix: "taskwright",
    consumerGroup: "taskwright",
    successfulTtlMs: 7 * DAY,
    failedTtlMs: 30 * DAY,
    claimTimeoutMs: null,
    blockTimeoutMs: null,
    replicas: null,
  });
});

test("every option of django-tasks-redis has its place", () => {
  const settings = {
    keyPrefix: "django_tasks",
    consumerGroup: "django_tasks_workers",
    resultTtl: "604800s",
    completedTaskTtl: "1d",
    claimTimeout: "300s",
    blockTimeout: "5000ms",
  } as const;
  const address = { host: "localhost", port: 6379, db: 0, password: "secret", tls: false };
  for (const place of [{ url: "redis://localhost:6379/0" }, address])
    expect(resolveRedisOptions({ ...settings, ...place })).toEqual({
      keyPrefix: "django_tasks",
      consumerGroup: "django_tasks_workers",
      successfulTtlMs: DAY,
      failedTtlMs: 7 * DAY,
      claimTimeoutMs: 300_000,
      blockTimeoutMs: 5_000,
      replicas: null,
    });
});

test("resultTtl holds for all that has finished, unless completedTaskTtl says otherwise", () => {
  const { successfulTtlMs, failedTtlMs } = resolveRedisOptions({ resultTtl: "2d" });
  expect([successfulTtlMs, failedTtlMs]).toEqual([2 * DAY, 2 * DAY]);
  const { successfulTtlMs: done, failedTtlMs: failed } = resolveRedisOptions({ completedTaskTtl: "1h" });
  expect([done, failed]).toEqual([3_600_000, 30 * DAY]);
});

test("the documentation has every option, every key and every fact of the seed but those of other pages", () => {
  const source = readFileSync(new URL("options.ts", import.meta.url), "utf8");
  const names = [...(/const NAMES[^[]*\[\][^[]*\[([^\]]*)\]/.exec(source)?.[1] ?? "").matchAll(/"(\w+)"/g)];
  expect(names.length).toBeGreaterThan(10);
  const keys = new Set(
    globSync("scripts/*.ts", { cwd: fileURLToPath(new URL(".", import.meta.url)) }).flatMap((file) => {
      const script = readFileSync(new URL(file, import.meta.url), "utf8");
      return [...script.matchAll(/(?:\bkey\(|\bT \.\. )'(\w+)/g)].map(([, name = ""]) => name);
    }),
  );
  expect(keys.size).toBeGreaterThan(10);
  for (const name of [...names.map(([, one = ""]) => one), ...keys])
    expect(PAGE).toMatch(new RegExp(`\`${name}\\b`));
  for (let number = 1; number <= 40; number++) {
    if ((number >= 26 && number <= 31) || number === 38) continue;
    expect(PAGE).toMatch(new RegExp(`^\\| .*\\bD${String(number).padStart(2, "0")}\\b`, "m"));
  }
});

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
  [{ url, claimTimeout: "10ms" }, 'claimTimeout must be from "1s" to "1h"'],
  [{ url, claimTimeout: "2h" }, 'claimTimeout must be from "1s" to "1h"'],
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
