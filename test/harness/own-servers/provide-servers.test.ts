import { existsSync, readdirSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, type TestContext, test, vi } from "vitest";
import { ForkedProcess } from "../forked-process.ts";
import { onMariadb } from "../mariadb-server.ts";
import { onPostgres } from "../postgres-schema.ts";
import { onRedis } from "../redis-server.ts";
import { findService, skipWithReason } from "../services.ts";
import { temporaryFolder } from "../sqlite-store.ts";
import { mariadbRecipes } from "./mariadb-recipes.ts";
import { OwnServer, type Recipe } from "./own-server.ts";
import { postgresPlaces, postgresRecipes } from "./postgres-recipes.ts";
import { type OwnServerName, provideServers } from "./provide-servers.ts";
import { redisRecipes, valkeyRecipes } from "./redis-recipes.ts";
import type { OwnedServer, OwnerEnd } from "./server-owner.ts";

const PATIENCE_MS = 90_000;

/** A port on which somebody listens, and one on which nobody does. */
let [taken, free]: number[] = [];
let listener: Server;
beforeAll(async () => {
  const listen = (server: Server) =>
    new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
  listener = createServer((socket) => socket.destroy());
  taken = await listen(listener);
  const other = createServer();
  free = await listen(other);
  await new Promise((resolve) => other.close(resolve));
});
afterAll(() => {
  listener.close();
});

function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}

/** A recipe whose program is this shell script. */
function scripted(script: string): Recipe {
  return {
    source: "a script",
    accounts: [],
    prepare: async () => ({
      program: "/bin/sh",
      args: ["-c", script],
      url: "none:",
      ask: () => Promise.reject(new Error("nobody is there")),
      endSignal: "SIGKILL",
    }),
  };
}

async function startWith(context: TestContext, name: OwnServerName, recipes: readonly Recipe[]) {
  const [recipe] = recipes;
  if (recipe === undefined) {
    skipWithReason(context, {
      subject: name,
      reason: "this way to a server of the tests' own is not on this machine",
      untested: "that the tests can start a server in this way",
    });
  }
  const environment: NodeJS.ProcessEnv = {};
  const options = { names: [name], ports: { [name]: free }, recipes: { [name]: [recipe] } };
  const servers = await provideServers(environment, options);
  onTestFinished(servers.stop);
  expect(environment).toEqual({ [`TASKWRIGHT_TEST_${name.toUpperCase()}_URL`]: expect.any(String) });
  const service = await findService(name, environment);
  if (!service.found) throw new Error(service.reason);
  expect(service.origin).toBe("environment");
  return { servers, url: service.location, server: servers.started.get(name) as OwnServer };
}

describe("where nothing is named and the standard port is empty", () => {
  const places = postgresPlaces();

  test.for([
    ["installed programs", { ...places, packageFolder: null }],
    ["the npm package", { debian: "/nowhere", path: "", packageFolder: places.packageFolder }],
  ] as const)(
    "PostgreSQL is started from %s, answers, and is gone at the end",
    {
      timeout: PATIENCE_MS,
    },
    async ([, given], context) => {
      const { servers, url, server } = await startWith(context, "postgres", postgresRecipes(given));
      const sql = "SELECT current_setting('fsync') AS fsync, current_setting('data_directory') AS data";
      const { rows } = await onPostgres(url, (client) => client.query(sql));
      expect(rows).toEqual([{ fsync: "off", data: expect.stringContaining("taskwright-server-") }]);
      const processId = server.processId as number;
      expect(isRunning(processId)).toBe(true);
      const stranger = new URL(url);
      stranger.password = "guessed";
      await expect(onPostgres(stranger.href, (client) => client.query("SELECT 1"))).rejects.toThrow(
        "password",
      );

      await servers.stop();
      expect(isRunning(processId)).toBe(false);
      expect(await answers(url)).toBe(false);
      expect(existsSync(dirname(rows[0].data))).toBe(false);
    },
  );

  test("MariaDB is started, answers, and is gone at the end", { timeout: PATIENCE_MS }, async (context) => {
    const { servers, url, server } = await startWith(context, "mariadb", mariadbRecipes());
    const rows = await onMariadb(url, (connection) => connection.query("SELECT @@datadir AS data"));
    expect(rows).toEqual([{ data: expect.stringContaining("taskwright-server-") }]);
    const processId = server.processId as number;

    await servers.stop();
    expect(isRunning(processId)).toBe(false);
    expect(await answers(url)).toBe(false);
    expect(existsSync(dirname(rows[0].data))).toBe(false);
  });

  test.for([
    ["redis", redisRecipes],
    ["valkey", valkeyRecipes],
  ] as const)(
    "%s is started, lets in only who knows its password, keeps nothing, and is gone at the end",
    { timeout: PATIENCE_MS },
    async ([name, recipes], context) => {
      const { servers, url, server } = await startWith(context, name, recipes());
      const setting = async (key: string) =>
        ((await onRedis(url, (redis) => redis.call("config", "get", key))) as string[])[1] as string;
      expect([await setting("save"), await setting("appendonly")]).toEqual(["", "no"]);
      const folder = await setting("dir");
      expect(folder).toContain("taskwright-server-");
      const stranger = new URL(url);
      stranger.password = "";
      await expect(onRedis(stranger.href, (redis) => redis.get("key"))).rejects.toThrow("NOAUTH");
      const processId = server.processId as number;

      await servers.stop();
      expect(isRunning(processId)).toBe(false);
      expect(await answers(url)).toBe(false);
      expect(existsSync(folder)).toBe(false);
    },
  );
});

test.for([
  [null, "exits"],
  ["SIGTERM", "is told to end"],
] as const)(
  "a server that is at work ends (%s) when the process that started it %s, and its data go",
  {
    timeout: PATIENCE_MS,
  },
  async ([signal], context) => {
    if (postgresRecipes().length === 0) {
      skipWithReason(context, {
        subject: "postgres",
        reason: "this machine has no programs of it",
        untested: "that a server of the tests ends with them",
      });
    }
    let server: OwnedServer | null = null;
    let hasEnded = false;
    await using owner = new ForkedProcess<OwnedServer>(new URL("./server-owner.ts", import.meta.url), {
      message: (message) => {
        server = message;
      },
      end: () => {
        hasEnded = true;
      },
    });
    await owner.until(() => server !== null, PATIENCE_MS);
    const { url, processId } = server as unknown as OwnedServer;
    const data = await onPostgres(url, async (client) => {
      const { rows } = await client.query("SELECT current_setting('data_directory') AS data");
      return rows[0].data as string;
    });
    const work = Array.from({ length: 8 }, (_, n) =>
      onPostgres(url, async (client) => {
        // Its query tells of it too.
        client.on("error", () => {});
        for (let round = 0; ; round++) {
          await client.query(`CREATE TABLE t_${n}_${round} AS SELECT generate_series(1, 5000) AS id`);
          // Seen once, so that the process is told to end in the middle.
          if (round === 1) owner.send({ signal } satisfies OwnerEnd);
        }
      }).catch((error: Error) => error),
    );
    await Promise.all(work);
    await vi.waitFor(() => expect(hasEnded).toBe(true), 20_000);
    expect(existsSync(dirname(data))).toBe(false);
    await vi.waitFor(() => expect(isRunning(processId as number)).toBe(false), 20_000);
  },
);

test("nothing is started for a server that is named, or that is on its standard port", async () => {
  const recipes = { postgres: [scripted("exit 1")] };
  const named = { TASKWRIGHT_TEST_POSTGRES_URL: `postgresql://127.0.0.1:${free}/dead` };
  const standard = {};
  await provideServers(named, { names: ["postgres"], recipes });
  await provideServers(standard, { names: ["postgres"], ports: { postgres: taken as number }, recipes });
  expect(Object.keys(named)).toEqual(["TASKWRIGHT_TEST_POSTGRES_URL"]);
  expect(standard).toEqual({});
});

describe.skipIf(process.platform === "win32")("a server that cannot be started", () => {
  test("is missing for what went wrong with each way to it, and leaves nothing behind", async () => {
    const folder = temporaryFolder();
    vi.stubEnv("TMPDIR", folder);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const environment: NodeJS.ProcessEnv = { TASKWRIGHT_TEST_REQUIRE: "postgres" };
    const noProgram: Recipe = {
      ...scripted(""),
      source: "elsewhere",
      prepare: async ({ run }) => {
        await run("/nowhere/initdb", []);
        throw new Error("unreachable");
      },
    };
    const { started } = await provideServers(environment, {
      names: ["postgres"],
      ports: { postgres: free as number },
      recipes: { postgres: [scripted("echo no space left >&2; exit 3"), noProgram] },
    });
    expect(started.size).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
    expect(await findService("postgres", environment, free)).toMatchObject({
      found: false,
      required: true,
      reason: expect.stringMatching(
        /none could be started: a script: sh ended with code 3: no space left; elsewhere: initdb cannot be started: .*ENOENT$/,
      ),
    });
  });

  test("is given up when it does not answer in time", async () => {
    const start = OwnServer.start(scripted("echo busy; exec sleep 60"), 300);
    await expect(start).rejects.toThrow("sh does not answer within 0.3 s: busy");
  });

  test("is missing where there is no way to it", async () => {
    const environment: NodeJS.ProcessEnv = {};
    const ports = { mariadb: free as number };
    await provideServers(environment, { names: ["mariadb"], ports, recipes: { mariadb: [] } });
    const reason = expect.stringContaining(
      "none could be started: mariadbd and mariadb-install-db are neither",
    );
    expect(await findService("mariadb", environment, free)).toMatchObject({
      found: false,
      required: false,
      reason,
    });
  });
});
