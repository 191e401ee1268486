import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { freeRestartPort } from "./own-servers/restart-port.ts";
import { RedisProcess, startRedis } from "./redis-process.ts";
import { onRedis } from "./redis-server.ts";
import { skipWithReason } from "./services.ts";

const PATIENCE = { timeout: 60_000 };

test.for(["stop", "kill"] as const)(
  "a server that keeps what is written has it after %s and start, at the same place",
  PATIENCE,
  async (end, context) => {
    const server = await startRedis(context, { appendOnly: true });
    const { port, url } = server;
    expect(await server.cli("set", "key", "a value")).toBe("OK");
    await server[end]();
    await expect(server.cli("ping")).rejects.toThrow("ECONNREFUSED");
    await server.start();
    expect(await server.cli("get", "key")).toBe("a value");
    expect([server.port, server.url]).toEqual([port, url]);
  },
);

test("a server keeps nothing over a restart unless told", PATIENCE, async (context) => {
  const server = await startRedis(context);
  await server.cli("set", "key", "a value");
  await server.stop();
  await server.start();
  expect(await server.cli("get", "key")).toBeNull();
});

test("the port and the settings can be chosen, the password among them", PATIENCE, async (context) => {
  const port = await freeRestartPort();
  const config = { requirepass: '""', "maxmemory-policy": "allkeys-lru", save: "900 1" };
  const server = await startRedis(context, { port, config });
  expect(server.url).toBe(`redis://127.0.0.1:${port}`);
  expect(await server.cli("config", "get", "maxmemory-policy")).toEqual(["maxmemory-policy", "allkeys-lru"]);
  expect(await server.cli("config", "get", "save")).toEqual(["save", "900 1"]);
});

test("a command's error is what the server says", PATIENCE, async (context) => {
  const server = await startRedis(context);
  await expect(server.cli("get")).rejects.toThrow("wrong number of arguments");
});

test("a server that runs is not started a second time", PATIENCE, async (context) => {
  const server = await startRedis(context);
  await expect(server.start()).rejects.toThrow("runs already");
  expect(await server.cli("ping")).toBe("PONG");
});

test("a server whose port is taken says so", PATIENCE, async (context) => {
  const first = await startRedis(context);
  await expect(RedisProcess.launch({ port: first.port })).rejects.toThrow("Address already in use");
});

describe("a test that fails", () => {
  let early: Promise<RedisProcess> | null = null;
  let left: { readonly url: string; readonly folder: string } | null = null;

  test.fails("is given up while its server starts", { timeout: 1 }, async (context) => {
    early = startRedis(context);
    await early;
    await new Promise(() => {});
  });

  test("has no server afterwards either", async () => {
    const server = await early?.catch(() => null);
    if (server) await expect(server.cli("ping")).rejects.toThrow("ECONNREFUSED");
  });

  test.fails("has a server", PATIENCE, async (context) => {
    const server = await startRedis(context);
    const [, folder = ""] = (await server.cli("config", "get", "dir")) as string[];
    if (existsSync(folder)) left = { url: server.url, folder };
    throw new Error("The test fails.");
  });

  test("leaves neither the server nor its folder behind", async (context) => {
    if (left === null) {
      skipWithReason(context, {
        subject: "redis",
        reason: "none could be started for the test that fails",
        untested: "that its server goes",
      });
    }
    const { url, folder } = left;
    expect(existsSync(folder)).toBe(false);
    await expect(onRedis(url, (redis) => redis.ping())).rejects.toThrow("ECONNREFUSED");
  });
});
