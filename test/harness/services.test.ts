import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { findService, type MissingService, requiredServices, skipUnlessFound } from "./services.ts";
import { REPORT_DIR_VARIABLE, readUntested } from "./untested-report.ts";

describe("findService", () => {
  let server: Server;
  let port: number;
  beforeEach(async () => {
    server = createServer((socket) => socket.destroy());
    port = await new Promise((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
  });
  afterEach(() => server.close());

  test("takes the server that the environment names", async () => {
    const url = `postgresql://me:secret@127.0.0.1:${port}/db`;
    const service = await findService("postgres", { TASKWRIGHT_TEST_POSTGRES_URL: url });
    expect(service).toEqual({ found: true, name: "postgres", location: url, origin: "environment" });
  });

  test("a named server that does not answer is a failure, not a skip, and its password is not printed", async () => {
    server.close();
    const url = `postgresql://me:secret@127.0.0.1:${port}/db`;
    const service = await findService("postgres", { TASKWRIGHT_TEST_POSTGRES_URL: url });
    expect(service).toMatchObject({ found: false, required: true });
    expect(JSON.stringify(service)).toContain(`nothing answers on 127.0.0.1:${port}`);
    expect(JSON.stringify(service)).not.toContain("secret");
  });

  test("a URL without a port means the standard one; one without a host is a Unix socket", async () => {
    const local = await findService("valkey", { TASKWRIGHT_TEST_VALKEY_URL: "redis://host.invalid" });
    expect(local).toMatchObject({ found: false, reason: expect.stringContaining("host.invalid:6379") });
    const socket = "postgres:///db?host=/var/run/postgresql";
    const service = await findService("postgres", { TASKWRIGHT_TEST_POSTGRES_URL: socket });
    expect(service).toMatchObject({ found: true, location: socket });
  });

  test("a missing one says where it was looked for and how to get it, and is required only if listed", async () => {
    expect(await findService("mysql", {})).toEqual({
      found: false,
      name: "mysql",
      reason: "TASKWRIGHT_TEST_MYSQL_URL is not set",
      obtain: "start MySQL 8.0.11 or newer, or set TASKWRIGHT_TEST_MYSQL_URL",
      required: false,
    });
    const listed = await findService("mysql", { TASKWRIGHT_TEST_REQUIRE: "postgres, mysql" });
    expect(listed).toMatchObject({ found: false, required: true });
  });

  test("a program is looked for in PATH", async () => {
    expect(await findService("chromium", { PATH: tmpdir() })).toMatchObject({ found: false });
    const named = await findService("chromium", { TASKWRIGHT_TEST_CHROMIUM: process.execPath });
    expect(named).toMatchObject({ found: true, location: process.execPath });
  });
});

test("TASKWRIGHT_TEST_REQUIRE refuses a service that does not exist", () => {
  expect(requiredServices({})).toEqual(new Set());
  expect(requiredServices({ TASKWRIGHT_TEST_REQUIRE: "" })).toEqual(new Set());
  expect(() => requiredServices({ TASKWRIGHT_TEST_REQUIRE: "postgres,oracle" })).toThrow(
    'lists "oracle"; it can list postgres, mariadb',
  );
});

describe("skipUnlessFound", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "taskwright-report-"));
    vi.stubEnv(REPORT_DIR_VARIABLE, folder);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  const missing: MissingService = {
    found: false,
    name: "redis",
    reason: "nothing answers on 127.0.0.1:6379",
    obtain: "install Redis",
    required: false,
  };
  const skip = vi.fn((_note?: unknown): never => {
    throw new Error("skipped");
  });

  test("records and skips", () => {
    expect(() => skipUnlessFound({ skip }, missing, "the redis backend")).toThrow("skipped");
    expect(skip).toHaveBeenLastCalledWith("redis: nothing answers on 127.0.0.1:6379");
    expect(readUntested(folder)).toEqual([
      { subject: "redis", reason: missing.reason, untested: "the redis backend", obtain: "install Redis" },
    ]);
  });

  test("fails instead, and records nothing, when the service is required", () => {
    const required = { ...missing, required: true };
    expect(() => skipUnlessFound({ skip }, required, "the redis backend")).toThrow(
      "redis is required here: nothing answers on 127.0.0.1:6379. To get it: install Redis.",
    );
    expect(readUntested(folder)).toEqual([]);
  });

  test("lets a test with its service run", () => {
    const found = {
      found: true,
      name: "redis",
      location: "redis://127.0.0.1:6379",
      origin: "standard port",
    } as const;
    expect(() => skipUnlessFound({ skip }, found, "the redis backend")).not.toThrow();
  });
});
