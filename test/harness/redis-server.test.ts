import { type AddressInfo, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { findRedis } from "./redis-server.ts";

/** A server that tells this about itself and takes every other command. */
async function serverThatTells(info: string): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      for (const [, command = ""] of String(data).matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g)) {
        const isInfo = command.toLowerCase() === "info";
        socket.write(isInfo ? `$${info.length}\r\n${info}\r\n` : "+OK\r\n");
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
  });
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.for([
  ["redis", "redis_version:6.2.0", null],
  ["redis", "redis_version:10.0.1", null],
  ["redis", "redis_version:6.0.16", "the server found is 6.0.16, older than 6.2"],
  ["redis", "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.0", null],
  ["valkey", "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.0", null],
  ["valkey", "redis_version:7.0.15", "the server found is not valkey"],
] as const)("%s: a server that tells %s: %s", async ([name, info, problem]) => {
  const url = await serverThatTells(`${info}\r\n`);
  const service = await findRedis(name, { [`TASKWRIGHT_TEST_${name.toUpperCase()}_URL`]: url });
  if (problem === null) expect(service).toMatchObject({ found: true, location: url });
  else expect(service).toMatchObject({ found: false, required: true, reason: problem });
});

test("a server that wants a password is missing, with what it said", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.write("-NOAUTH Authentication required.\r\n".repeat(8)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
  });
  const url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await findRedis("redis", { TASKWRIGHT_TEST_REDIS_URL: url })).toMatchObject({
    found: false,
    reason: "the server found lets nobody in: NOAUTH Authentication required.",
  });
});
