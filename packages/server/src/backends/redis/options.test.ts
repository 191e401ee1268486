import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { redisBackend } from "./index.ts";
import { type RedisBackendOptions, resolveRedisOptions } from "./options.ts";

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

test.each([
  [
    { url: "redis://localhost", blocktimeout: "5s" },
    'no option "blocktimeout". Did you mean "blockTimeout"?',
  ],
  [{ url: "http://localhost" }, "url must be the URL of a Redis server"],
  [{ url: "redis://localhost", client: {} }, "either url or client"],
  [{ url: "redis://localhost", db: 1 }, "takes db only without url"],
  [{ client: {} }, "client must be a Redis or a Cluster"],
  [
    { client: { call: () => {}, duplicate: () => {}, options: { keyPrefix: "a:" } } },
    "no keyPrefix of its own",
  ],
  [{ port: 0 }, "port must be an integer from 1 to 65535"],
  [{ db: -1 }, "db must be an integer from 0"],
  [{ cluster: { nodes: [] } }, "cluster must be true, false or"],
  [{ keyPrefix: "{app}" }, "braces would move keys to other slots"],
  [{ consumerGroup: "" }, "consumerGroup must be 1 to 100 letters"],
  [{ resultTtl: "10ms" }, 'resultTtl must be from "1s"'],
  [{ resultTtl: 604_800 }, "resultTtl must be a duration"],
  [{ completedTaskTtl: "10ms" }, 'completedTaskTtl must be from "1s"'],
  [{ claimTimeout: "999ms" }, 'claimTimeout must be from "1s" to "1h"'],
  [{ claimTimeout: "2h" }, 'claimTimeout must be from "1s" to "1h"'],
  [{ blockTimeout: "99ms" }, 'blockTimeout must be at least "100ms"'],
  [{ waitForReplicas: { count: 0 } }, "waitForReplicas.count must be an integer from 1"],
  [{ waitForReplicas: { count: 1, timeout: "0s" } }, "WAIT would never end"],
  [null, "needs its options as an object"],
])("%o is refused", (options, words) => {
  const refused = expect.objectContaining({
    code: "INVALID_OPTION",
    message: expect.stringContaining(words),
  });
  expect(() => redisBackend(options as RedisBackendOptions)).toThrow(refused);
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
