import { type AddressInfo, createServer } from "node:net";
import { Redis } from "ioredis";
import { expect, onTestFinished, test, vi } from "vitest";
import { opened, overrideCalls } from "../../../../../test/harness/redis-calls.ts";
import { startRedis } from "../../../../../test/harness/redis-process.ts";
import { claim, enqueue, refusal } from "../../../../../test/harness/sqlite-store.ts";
import { redisBackend } from "./index.ts";

const PATIENCE = { timeout: 60_000 };

test.for([
  ["no password", "", "Redis: it asks for a password; give one in the URL or as password (NOAUTH)."],
  ["a wrong one", "x:wrong@", "Redis: the user or its password was refused (WRONGPASS)."],
] as const)(
  "%s is refused when the backend is opened",
  PATIENCE,
  async ([, credentials, message], context) => {
    const server = await startRedis(context);
    const backend = redisBackend({ url: `redis://${credentials}127.0.0.1:${server.port}` });
    expect(await refusal(() => backend.open())).toMatchObject({ code: "BACKEND_UNAVAILABLE", message });
  },
);

test("a server that is loading its data is waited for by nobody for ever", PATIENCE, async () => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.write("-LOADING Redis is loading the dataset in memory\r\n".repeat(8)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const backend = redisBackend({ url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}` });
  expect(await refusal(() => backend.open())).toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: "Redis: it is loading its data and will answer soon (LOADING).",
  });
  await backend.close();
});

test("nothing at all at the place is told of within seconds", PATIENCE, async () => {
  const backend = redisBackend({ url: "redis://127.0.0.1:1" });
  expect(await refusal(() => backend.open())).toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: "Redis cannot be reached (ECONNREFUSED); is it running, and is its URL right?",
  });
});

test.for(["allkeys-lru", "volatile-ttl"])(
  "maxmemory-policy %s is refused",
  PATIENCE,
  async (policy, context) => {
    const server = await startRedis(context, { config: { "maxmemory-policy": policy } });
    expect(await refusal(() => redisBackend({ url: server.url }).open())).toMatchObject({
      code: "BACKEND_INCOMPATIBLE",
      message: `Redis: maxmemory-policy is ${policy}, so the server may throw tasks away when its memory is full; set it to noeviction.`,
    });
  },
);

test.for([
  ["redis_version:6.0.16", "Redis 6.0.16"],
  ["redis_version:5.0.14", "Redis 5.0.14"],
  ["redis_version:6.2.0", null],
  ["redis_version:10.0.0", null],
  ["redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1", null],
] as const)(
  "a server that tells %j is %s, and refused where that is too old",
  PATIENCE,
  async ([info, found], context) => {
    const server = await startRedis(context);
    const client = new Redis(server.url);
    onTestFinished(() => client.disconnect());
    overrideCalls(client, (command, args, call) =>
      command === "info" ? Promise.resolve(`${info}\r\n`) : call(command, args),
    );
    const backend = redisBackend({ client });
    if (found === null) {
      await opened(backend);
      return;
    }
    expect(await refusal(() => backend.open())).toMatchObject({
      code: "BACKEND_INCOMPATIBLE",
      message: `Redis 6.2, Valkey 7.2 or later is needed; this is ${found}.`,
    });
  },
);

test(
  "keys of another version of the library are refused, and left as they are",
  PATIENCE,
  async (context) => {
    const server = await startRedis(context);
    await server.cli("set", "{taskwright:0}:version", "2");
    expect(await refusal(() => redisBackend({ url: server.url }).open())).toMatchObject({
      code: "BACKEND_INCOMPATIBLE",
      message:
        'Redis: the keys of the prefix "taskwright" are of version 2, and this library writes version 1; use the same version of @taskwright/server everywhere, or another keyPrefix.',
    });
    expect(await server.cli("keys", "*")).toEqual(["{taskwright:0}:version"]);
    await enqueue(await opened(redisBackend({ url: server.url, keyPrefix: "another" })));
  },
);

test("a user who may not read INFO is warned, and works", PATIENCE, async (context) => {
  const server = await startRedis(context);
  await server.cli("acl", "setuser", "limited", "on", ">secret", "~*", "&*", "+@all", "-info");
  const emitWarning = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  vi.spyOn(console, "warn").mockImplementation(() => {});
  onTestFinished(() => void vi.restoreAllMocks());
  const backend = await opened(redisBackend({ url: `redis://limited:secret@127.0.0.1:${server.port}` }));
  expect(emitWarning).toHaveBeenCalledExactlyOnceWith(
    expect.stringContaining("may not read INFO, so nobody knows whether maxmemory-policy is noeviction"),
    { type: "TaskwrightWarning", code: "TASKWRIGHT_REDIS_INFO" },
  );
  await enqueue(backend);
  expect(await claim(backend)).toHaveLength(1);
});
